// The one place where what users pass to batch normalization is checked.
#pragma once

#include <torch/types.h>

#include "evenkeel/functional.h"

namespace evenkeel::libtorch {

// Each throws c10::Error that says what was expected and what came, in PyTorch's words where PyTorch has
// some.
void check_batch_norm(const torch::Tensor& input, const torch::Tensor& running_mean,
                      const torch::Tensor& running_var, const functional::BatchNormFuncOptions& options);

// A dense (N, C, ...) tensor on the CPU of a dtype that the kernels take; `operation` is for the message.
void check_input(const char* operation, const torch::Tensor& input);

// The rank that BatchNorm1d, 2d or 3d takes.
void check_rank(const torch::Tensor& input, std::size_t spatial_dimensions);

}  // namespace evenkeel::libtorch
