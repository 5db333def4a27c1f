// Batch normalization as a function, for those who keep parameters and statistics themselves.
#pragma once

#include <torch/arg.h>
#include <torch/nn/options/batchnorm.h>
#include <torch/types.h>

#include <optional>

#include "evenkeel/batch_norm_options.h"

namespace evenkeel::functional {

// Arguments of batch_norm() that are not always wanted; an undefined tensor means "none".
class BatchNormFuncOptions {
 public:
  BatchNormFuncOptions() = default;
  BatchNormFuncOptions(const torch::nn::functional::BatchNormFuncOptions& options)  // NOLINT: drop-in
      : weight_(options.weight()),
        bias_(options.bias()),
        training_(options.training()),
        momentum_(to_std(options.momentum())),
        eps_(options.eps()) {}

  TORCH_ARG(torch::Tensor, weight);  // gamma, C values; none: ones
  TORCH_ARG(torch::Tensor, bias);    // beta, C values; none: zeros
  TORCH_ARG(bool, training) = false;

  // Weighs the new value; std::nullopt weighs it with 1 / num_batches_tracked, which then has to be given.
  TORCH_ARG(std::optional<double>, momentum) = 0.1;
  TORCH_ARG(double, eps) = 1e-5;

  // A scalar that a training call with running statistics increments; none: nothing is counted.
  TORCH_ARG(torch::Tensor, num_batches_tracked);
};

// Normalises each channel of `input` (Ioffe & Szegedy 2015, Algorithm 1):
//   y = weight * (x - mean) / sqrt(variance + eps) + bias
//
// `input` is (N, C, ...) with two dimensions or more, float32 or float64, on the CPU. In training, mean and
// variance (the biased one) are those of each channel of the batch, gradients flow through them, and defined
// running statistics are updated in place:
//   running = (1 - momentum) * running + momentum * batch,  where running_var takes the unbiased variance.
// Otherwise they are `running_mean` and `running_var`, as they are at the time of the call. Other tensors
// hold C values of the input's dtype each. Differentiable to any order in input, weight and bias; not in
// forward mode.
//
// The output has the sizes and the strides of `input`: every layout that is dense in memory (contiguous,
// channels last, transposed, ...) is worked on where it lies. Slices, expanded tensors and the like are made
// contiguous once.
//
// A batch without values gives an empty output and zero gradients, and leaves running statistics and counter
// as they are (PyTorch counts it).
//
// Throws c10::Error, before anything is changed: fewer than two dimensions, one value per channel in
// training, a tensor with another number of values than C or of another dtype, running statistics missing in
// evaluation, one of the two missing in training, eps below 0, not a dense CPU tensor, a cumulative average
// without counter.
//
// Same bits for any number of threads. May be called from several threads at once; calls that update the same
// running statistics have to take turns.
torch::Tensor batch_norm(const torch::Tensor& input, const torch::Tensor& running_mean,
                         const torch::Tensor& running_var, const BatchNormFuncOptions& options = {});

}  // namespace evenkeel::functional
