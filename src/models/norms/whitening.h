// Batch whitening: batch normalization that takes the correlations between channels away too.
#pragma once

#include <torch/arg.h>
#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <ostream>

#include "models/norms/whitening_matrix.h"

namespace evenkeel::models {

class BatchWhiteningOptions {
 public:
  BatchWhiteningOptions(  // NOLINT(google-explicit-constructor): BatchWhitening(64) is usual
      std::int64_t channels)
      : channels_(channels) {}

  // C: the size of dimension 1 of the input. No effect after the layer is made.
  TORCH_ARG(std::int64_t, channels);

  TORCH_ARG(WhiteningMethod, method) = WhiteningMethod::kZca;

  // Of Newton and Schulz.
  TORCH_ARG(std::int64_t, iterations) = 5;

  // Channels that are whitened together, S; a divisor of the channels. 0: all of them. A batch of m values
  // per channel has no variance in S - m + 1 of S directions, which eps alone then scales, so that many
  // channels want large batches or groups. No effect after the layer is made.
  TORCH_ARG(std::int64_t, group_size) = 0;

  // Added to the variances, the covariance's diagonal; at least 0.
  TORCH_ARG(double, eps) = 1e-5;

  // Weighs the new value: running = (1 - momentum) * running + momentum * batch.
  TORCH_ARG(double, momentum) = 0.1;

  // Whether the layer learns `weight` and `bias`. No effect after the layer is made.
  TORCH_ARG(bool, affine) = true;
};

// Input (N, C) or (N, C, ...) of the layer's dtype, float32 or float64; the output has its shape. Of each
// group of S channels, with X the S x m matrix of its values, m = N * spatial size:
//   train():  mean = X 1 / m,   S = (X - mean)(X - mean)^T / m + eps I,   y = weight * (W (X - mean)) + bias,
// W = whitening_matrix(S) by options.method(). The gradient flows through mean and W. A batch's covariance
// after it, weight 1 and bias 0, is I up to eps; of Newton and Schulz's, as far as its iterations have come.
//   eval():   the same with running_mean and running_covariance in place of the batch's.
//
//   parameters  weight [C] (ones), bias [C] (zeros)                              undefined if not affine
//   buffers     running_mean [C] (zeros), running_covariance [C, S] (identity)
// Row c of running_covariance holds the covariances of channel c with the channels of its group: unbiased
// ones, sums over m - 1, without eps, as running_var of a batch norm. It is [C, C] where there is one group.
//
// Throws c10::Error for another dtype, number of dimensions or of channels, for fewer than 2 values per
// channel in training, and what whitening_matrix() throws. A batch with NaN or Inf gives NaN in all channels.
class BatchWhiteningImpl : public torch::nn::Cloneable<BatchWhiteningImpl> {
 public:
  explicit BatchWhiteningImpl(const BatchWhiteningOptions& options);

  torch::Tensor forward(const torch::Tensor& input);

  void reset() override;
  void pretty_print(std::ostream& stream) const override;

  BatchWhiteningOptions options;

  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor running_mean;
  torch::Tensor running_covariance;

 private:
  std::int64_t group_size() const;
  void check(const torch::Tensor& input) const;
  void update(const torch::Tensor& mean, const torch::Tensor& covariance, std::int64_t count);
};
TORCH_MODULE(BatchWhitening);

}  // namespace evenkeel::models
