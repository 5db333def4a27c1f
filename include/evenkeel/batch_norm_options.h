// What a batch-norm layer can be told when it is made.
#pragma once

#include <torch/arg.h>

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/kernels/activation.h"

namespace torch::nn {
struct BatchNormOptions;  // <torch/nn/options/batchnorm.h>
}  // namespace torch::nn

#pragma GCC visibility push(default)
namespace evenkeel {

using kernels::Activation;

// Which variance of a batch of m values goes into running_var. Every batch is normalised with the biased one.
enum class RunningVariance {
  kUnbiased,  // sum of squares / (m - 1): PyTorch, the paper's Algorithm 2
  kBiased,    // sum of squares / m: Keras, Flax, ONNX
};

// What becomes of the running statistics when those of a training batch are not finite (NaN or Inf in any channel). The
// output is what the formula gives in any case.
enum class NonFinite {
  kPropagate,  // they take the values, as in PyTorch: the layer is lost for evaluation until it is reset
  kSkip,       // they and num_batches_tracked stay as they are, and the layer counts the batch
  kThrow,      // c10::Error with the layer's name, and they stay as they are
};

// Batch Renormalization (Ioffe 2017): a training batch is normalised with
//   y = weight * ((x - mean) / std * r + d) + bias,   r = std / running_std limited to [1/r_max, r_max],
//                                                     d = (mean - running_mean) / running_std, to [-d_max, d_max],
// where std = sqrt(variance + eps), running_std = sqrt(running_var + eps), and r and d are constants to the gradient. What
// training computes then depends on single batches as little as evaluation does. The limits open linearly from r_max = 1
// and d_max = 0, which is batch normalization, between two numbers of batches tracked:
//   r_max: from r_begin to r_end          d_max: from d_begin to d_end
// The paper has {.r_max = 3, .d_max = 5, .r_begin = 5000, .r_end = 40000, .d_begin = 5000, .d_end = 25000}; where begin
// and end are 0 the limit holds from the first batch.
struct BatchRenormalization {
  double r_max = 3;
  double d_max = 5;
  std::int64_t r_begin = 0;
  std::int64_t r_end = 0;
  std::int64_t d_begin = 0;
  std::int64_t d_end = 0;

  // The limits at a number of batches tracked.
  double r_limit(std::int64_t batches) const { return 1 + (r_max - 1) * opened(batches, r_begin, r_end); }
  double d_limit(std::int64_t batches) const { return d_max * opened(batches, d_begin, d_end); }

 private:
  static double opened(std::int64_t batches, std::int64_t begin, std::int64_t end) {
    if (batches >= end) return 1;
    if (batches <= begin) return 0;
    return static_cast<double>(batches - begin) / static_cast<double>(end - begin);
  }
};

// Options of BatchNorm1d, BatchNorm2d and BatchNorm3d; names and defaults are PyTorch's. Each setter returns
// the options, so that they chain: BatchNormOptions(64).eps(1e-3).momentum(std::nullopt).
class BatchNormOptions {
 public:
  BatchNormOptions(
      std::int64_t num_features)  // NOLINT(google-explicit-constructor): BatchNorm2d(64) is usual
      : num_features_(num_features) {}

  // LibTorch's options are taken as they are.
  BatchNormOptions(const torch::nn::BatchNormOptions& options);  // NOLINT(google-explicit-constructor)

  // C: the size of dimension 1 of the input. No effect after the layer is made.
  TORCH_ARG(std::int64_t, num_features);

  // Added to the variance inside the square root; at least 0.
  TORCH_ARG(double, eps) = 1e-5;

  // Weighs the new value: running = (1 - momentum) * running + momentum * batch (Keras and Flax weigh the old
  // one). std::nullopt: the k-th batch gets the weight 1/k, which makes `running` the plain average of all
  // batches.
  TORCH_ARG(std::optional<double>, momentum) = 0.1;

 public:
  // The other convention's name for 1 - momentum, what the old value weighs: decay(0.99) is momentum(0.01).
  BatchNormOptions& decay(double decay) { return momentum(1 - decay); }

  // Whether the layer learns `weight` (gamma) and `bias` (beta). No effect after the layer is made.
  TORCH_ARG(bool, affine) = true;

  // Whether the layer keeps running statistics. Without them it normalises with the statistics of the batch
  // in evaluation as well. Set to false later, it stops the updates and keeps what there is.
  TORCH_ARG(bool, track_running_stats) = true;

  // Done to the normalised values in the same pass, after the residual is added, if forward() gets one; kNone,
  // kReLU or kLeakyReLU.
  TORCH_ARG(Activation, activation) = Activation::kNone;

  // What kLeakyReLU multiplies values below zero with.
  TORCH_ARG(double, negative_slope) = 0.01;

  // What running_var holds.
  TORCH_ARG(RunningVariance, running_variance) = RunningVariance::kUnbiased;

  // What a batch with statistics that are not finite does to the running ones.
  TORCH_ARG(NonFinite, non_finite) = NonFinite::kPropagate;

  // Normalises a training batch less by itself and more as evaluation does; needs running statistics.
  TORCH_ARG(std::optional<BatchRenormalization>, renormalization) = std::nullopt;

  // Ghost batches (Hoffer et al. 2017): a training batch of N is normalised in parts of this many examples, each with its own
  // statistics, the last one smaller; a part of one value per channel joins the one before. The running statistics take those
  // of the whole batch. std::nullopt: the batch is one part.
  TORCH_ARG(std::optional<std::int64_t>, virtual_batch_size) = std::nullopt;

  // Where the layer stands in its network, for messages; name_batch_norms() sets it.
  TORCH_ARG(std::string, name);

  // Allows the output to be written over the residual or the input; functional.h says when it is.
  TORCH_ARG(bool, inplace) = false;
};

// The names that LibTorch has for them.
using BatchNorm1dOptions = BatchNormOptions;
using BatchNorm2dOptions = BatchNormOptions;
using BatchNorm3dOptions = BatchNormOptions;

}  // namespace evenkeel
#pragma GCC visibility pop
