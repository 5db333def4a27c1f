// Batch normalization that autograd can differentiate, to any order, in input, weight and bias.
#pragma once

#include <torch/types.h>

namespace evenkeel::libtorch {

using torch::Tensor;

// With the statistics of the batch, through which gradients flow; writes `moments` (see kernel_calls.h).
Tensor training_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, double eps,
                     const Tensor& moments);

// With given statistics, which are constants; later changes of them do not touch the backward of this call.
Tensor evaluation_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                       const Tensor& variance, double eps);

}  // namespace evenkeel::libtorch
