// The statistics that a forward saves for its backward, and what the backward computes with.
//
// PyTorch saves the mean in float32. A mean of 1e6 deviations is then off by up to 1/32 of one, and so is every normalised
// value of the backward. What is missing lies behind the values in the memory of `save_mean`, where PyTorch's autograd keeps it
// and nobody else looks; where it is not (the caller's own memory, a copy, PyTorch's forward), the mean is computed anew, if it
// is so large that this matters.
#pragma once

#include <torch/types.h>

namespace evenkeel::dropin {

// C values, and room for what they leave out.
torch::Tensor empty_saved_mean(std::int64_t channels, const torch::TensorOptions& options);

// From moments (libtorch/kernel_calls.h) of `count` values per channel: save_invstd = 1 / sqrt(variance + eps).
void save_statistics(const torch::Tensor& moments, std::int64_t count, double eps,
                     const torch::Tensor& save_mean, const torch::Tensor& save_invstd);

// The moments of the input that have, with an eps of 0, exactly the saved inverse deviations.
torch::Tensor restored_moments(const torch::Tensor& input, const torch::Tensor& save_mean,
                               const torch::Tensor& save_invstd);

}  // namespace evenkeel::dropin
