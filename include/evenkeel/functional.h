// Batch normalization as a function, for those who keep parameters and statistics themselves.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/arg.h>

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/batch_norm_options.h"

namespace torch::nn::functional {
struct BatchNormFuncOptions;  // <torch/nn/options/batchnorm.h>
}  // namespace torch::nn::functional

#pragma GCC visibility push(default)
namespace evenkeel::functional {

// Arguments of batch_norm() that are not always wanted; an undefined tensor means "none".
class BatchNormFuncOptions {
 public:
  BatchNormFuncOptions() = default;

  // LibTorch's options are taken as they are.
  BatchNormFuncOptions(
      const torch::nn::functional::BatchNormFuncOptions& options);  // NOLINT(google-explicit-constructor)

  TORCH_ARG(at::Tensor, weight);  // gamma, C values; none: ones
  TORCH_ARG(at::Tensor, bias);    // beta, C values; none: zeros
  TORCH_ARG(bool, training) = false;

  // Weighs the new value; std::nullopt weighs it with 1 / num_batches_tracked, which then has to be given.
  TORCH_ARG(std::optional<double>, momentum) = 0.1;
  TORCH_ARG(double, eps) = 1e-5;

  // One value of an integer dtype that a training call with running statistics increments; none: nothing is counted.
  TORCH_ARG(at::Tensor, num_batches_tracked);

  // Added to the normalised values before the activation: a tensor with the sizes and the dtype of the input.
  TORCH_ARG(at::Tensor, residual);
  TORCH_ARG(Activation, activation) = Activation::kNone;
  TORCH_ARG(double, negative_slope) = 0.01;  // of kLeakyReLU; a finite number

  // What counts in training, when not everything does: bool, or weights of at least 0 in the dtype of the input or
  // float32, of size (N), (N, *spatial) or (N, 1, *spatial). Undefined: all counts alike.
  TORCH_ARG(at::Tensor, mask);

  // As in BatchNormOptions.
  TORCH_ARG(std::optional<std::int64_t>, virtual_batch_size) = std::nullopt;
  TORCH_ARG(std::optional<BatchRenormalization>, renormalization) = std::nullopt;
  TORCH_ARG(RunningVariance, running_variance) = RunningVariance::kUnbiased;
  TORCH_ARG(NonFinite, non_finite) = NonFinite::kPropagate;
  TORCH_ARG(std::string, name);  // of the layer, for messages: every error begins with it

 public:
  // Incremented when a batch is skipped (NonFinite::kSkip); may be null.
  BatchNormFuncOptions& skipped_batches(std::int64_t* counter) {
    skipped_batches_ = counter;
    return *this;
  }
  std::int64_t* skipped_batches() const { return skipped_batches_; }

  // The caller needs the residual, or the input if there is none, no longer: the output may be written over it.
  TORCH_ARG(bool, inplace) = false;

 private:
  std::int64_t* skipped_batches_ = nullptr;
};

// Normalises each channel of `input` (Ioffe & Szegedy 2015, Algorithm 1):
//   y = activation(weight * (x - mean) / sqrt(variance + eps) + bias + residual)
//
// `input` is (N, C, ...) with two dimensions or more, on the CPU. In training, mean and variance (the biased
// one) are those of each channel of the batch, gradients flow through them, and defined running statistics are
// updated in place:
//   running = (1 - momentum) * running + momentum * batch,  where running_var takes the unbiased variance.
// Otherwise they are `running_mean` and `running_var`, as they are at the time of the call; they, weight and
// bias hold C values each.
//
// Dtypes: float32, float64, bfloat16 and float16. Tensors of C values have the dtype of the input; with an input
// of bfloat16 or float16 each of them may be float32 as well (PyTorch wants all of them alike), which is what
// autocast leads to: under it, as PyTorch's, this function takes its input as it comes. The output has the
// dtype of the input, a gradient that of its tensor, running statistics keep theirs. Halves are computed with as
// float32, statistics of the batch are float64, and each result is rounded once.
//
// `mask`, in training: mean, variance and running statistics are those of the values that it lets through, a weight
// counting like that many repetitions; the number of values is the sum of the mask. All positions are
// normalised, those that do not count too (as in Keras). With p the mask, g the gradient and n the normalised value,
//   grad_input = weight/std (g - p / sum(p) (sum g + n sum g n)),  the sums of g over all positions.
// What stands where the mask is 0 may be anything, NaN and Inf included: it reaches no other position, nor, if no
// gradient comes back there, any gradient. None flows to the mask. In evaluation a mask changes nothing.
//
// `virtual_batch_size`, in training: as if this function were called with each part for itself, but for the running
// statistics, which take those of the whole batch. Parts split mask and residual too; the output is a new tensor.
//
// `renormalization`, in training: r and d come from the running statistics as they stand before this batch, of whichever
// `running_variance`, for each virtual batch its own. Without num_batches_tracked the limits are the widest.
//
// The output has the sizes and the strides of `input`: every layout that is dense in memory (contiguous,
// channels last, transposed, ...) is worked on where it lies. Slices, expanded tensors and the like are made
// contiguous once; a residual with another layout than the input's is copied into that once.
//
// Differentiable to any order in input, weight, bias and residual; not in forward mode. As in PyTorch, the
// activation's gradient at 0 is that below 0; NaN goes through, and what comes back to it too. Kept for the
// backward are
//   training:    the input, weight, 16 bytes per channel;
//   evaluation:  the input if the weight needs a gradient, weight, both statistics;
//   activation:  besides, one bit per value; neither the output nor the residual;
//   mask:        besides, one weight per position.
// Without a graph nothing is.
//
// In place: `inplace` is a permission and never changes a value or gradient that is returned. With a residual, the
// output is that tensor, overwritten, if it is laid out as the input, does not share its memory, is no leaf that
// requires a gradient and, while a graph is recorded, no view. Without one, the output is the input, overwritten,
// if no graph is recorded (in training it would need the input), the input is dense and no leaf that
// requires a gradient. An inference tensor is overwritten in inference mode only. Otherwise, and
// in training with NonFinite::kThrow, the output is a new tensor, as always without `inplace`. Overwriting raises the tensor's version, so that a backward that saved
// the old values refuses to run.
//
// A batch without values gives an empty output and zero gradients, and leaves running statistics and counter
// as they are (PyTorch counts it).
//
// Throws c10::Error, before anything is changed: fewer than two dimensions, one value per channel in
// training, a tensor with another number of values than C or of another dtype, a residual with other sizes or of
// another dtype than the input, running statistics missing in evaluation, one of the two missing in training,
// eps below 0, a momentum that is not from 0 to 1, running statistics that cannot be written to, a negative_slope that is not finite, not a dense CPU tensor, a cumulative average without counter; a mask
// of other sizes, with a negative or not finite weight or, in training, a sum of at most 1 in a (virtual) batch; a
// virtual_batch_size below 1, or of one value per channel; limits of a renormalization that are not r_max >= 1, d_max >= 0,
// begin <= end, or none of the running statistics that it needs.
//
// Same bits for any number of threads. May be called from several threads at once; calls that update the same
// running statistics, or write over the same tensor, have to take turns.
at::Tensor batch_norm(const at::Tensor& input, const at::Tensor& running_mean, const at::Tensor& running_var,
                      const BatchNormFuncOptions& options = {});

}  // namespace evenkeel::functional
#pragma GCC visibility pop
