// What a batch-norm layer can be told when it is made.
#pragma once

#include <torch/arg.h>
#include <torch/nn/options/batchnorm.h>
#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "evenkeel/kernels/activation.h"

namespace evenkeel {

using kernels::Activation;

// LibTorch 1.13 has an optional of its own.
inline std::optional<double> to_std(const torch::optional<double>& value) {
  return value.has_value() ? std::optional<double>(*value) : std::nullopt;
}

// Options of BatchNorm1d, BatchNorm2d and BatchNorm3d; names and defaults are PyTorch's. Each setter returns
// the options, so that they chain: BatchNormOptions(64).eps(1e-3).momentum(std::nullopt).
class BatchNormOptions {
 public:
  BatchNormOptions(
      std::int64_t num_features)  // NOLINT(google-explicit-constructor): BatchNorm2d(64) is usual
      : num_features_(num_features) {}

  BatchNormOptions(
      const torch::nn::BatchNormOptions& options)  // NOLINT(google-explicit-constructor): drop-in
      : num_features_(options.num_features()),
        eps_(options.eps()),
        momentum_(to_std(options.momentum())),
        affine_(options.affine()),
        track_running_stats_(options.track_running_stats()) {}

  // C: the size of dimension 1 of the input. No effect after the layer is made.
  TORCH_ARG(std::int64_t, num_features);

  // Added to the variance inside the square root; at least 0.
  TORCH_ARG(double, eps) = 1e-5;

  // Weighs the new value: running = (1 - momentum) * running + momentum * batch (Keras and Flax weigh the old
  // one). std::nullopt: the k-th batch gets the weight 1/k, which makes `running` the plain average of all
  // batches.
  TORCH_ARG(std::optional<double>, momentum) = 0.1;

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

  // Allows the output to be written over the residual or the input; functional.h says when it is.
  TORCH_ARG(bool, inplace) = false;
};

}  // namespace evenkeel
