// One batch-norm layer's numbers in the conventions of other frameworks.
//
//   framework          eps    momentum weighs  running variance  names of scale, shift, mean, variance
//   PyTorch, LibTorch  1e-5   the new, 0.1     unbiased          weight, bias, running_mean, running_var
//   Keras 3            1e-3   the old, 0.99    biased            gamma, beta, moving_mean, moving_variance
//   TensorFlow fused   1e-3   the old, 0.99    unbiased          gamma, beta, moving_mean, moving_variance
//   Flax               1e-5   the old, 0.99    biased            scale, bias, mean, var (mean and var in batch_stats)
//   ONNX, opset 15     1e-5   the old, 0.9     biased            scale, B, input_mean, input_var
//
// "TensorFlow fused" is a layer of Keras on TensorFlow with the fused kernel (its default for four-dimensional input):
// the same names as Keras, but what it keeps is the unbiased variance.
#pragma once

#include <c10/util/Exception.h>  // ordered_dict.h uses its macros
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/batch_norm_options.h"

#pragma GCC visibility push(default)
namespace evenkeel {

enum class Convention { kTorch, kKeras, kTensorFlowFused, kFlax, kOnnx };

// A layer as PyTorch has it. The tensors are [C] of one floating-point type; scale and shift may be undefined.
struct PortableBatchNorm {
  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor running_mean;
  torch::Tensor running_var;
  RunningVariance variance = RunningVariance::kUnbiased;  // what running_var holds
  double eps = 1e-5;
  double momentum = 0.1;  // weighs the new value
};

using ConventionTensors = torch::OrderedDict<std::string, torch::Tensor>;

// The framework's defaults for eps, and for momentum as it counts.
double default_eps(Convention convention);
double default_momentum(Convention convention);
RunningVariance running_variance_of(Convention convention);

// A layer from a framework's tensors (by the names above), eps and momentum as that framework states them. Shares the
// tensors. The variance stays as it is, and `variance` says which one that is: evaluation normalises with the
// same numbers and gives the same outputs. Throws std::runtime_error with one line when the mean or the variance is
// missing, sizes differ, a name is unknown, or eps or momentum make no sense.
PortableBatchNorm from_convention(Convention convention, const ConventionTensors& tensors, double eps,
                                  double momentum);

struct Converted {
  ConventionTensors tensors{"tensor"};
  double eps = 0;
  double momentum = 0;  // as the framework counts
  // Which variance the tensors hold. Where it is not running_variance_of(the framework), it was passed on as it was.
  RunningVariance variance = RunningVariance::kUnbiased;
};

// The layer as a framework has it; shares the tensors that do not change.
//
// From biased to unbiased the variance is multiplied by n / (n - 1), from unbiased to biased by (n - 1) / n, where n is the
// number of values per channel in the batches of training, N * H * W. Nothing in the tensors says what n was: without it
// the variance is passed on, evaluation stays exactly what it was, and only what training goes on to average differs,
// by a factor that is 1.0000003 for 32 pictures of 320 x 320 and 2 for two values. Throws std::runtime_error for n < 2.
Converted to_convention(const PortableBatchNorm& layer, Convention convention,
                        std::optional<std::int64_t> values_per_channel = std::nullopt);

// The variance of the other kind, with that factor.
torch::Tensor convert_variance(const torch::Tensor& variance, RunningVariance from, RunningVariance to,
                               std::int64_t values_per_channel);

}  // namespace evenkeel
#pragma GCC visibility pop
