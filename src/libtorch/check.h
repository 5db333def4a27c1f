// The one place where what users pass to batch normalization is checked.
#pragma once

#include <torch/types.h>

#include <string>

#include "evenkeel/functional.h"

namespace evenkeel::libtorch {

// "[batch_norm] features.1: expected ...", or "features.1: " before PyTorch's words.
[[noreturn]] void throw_with_name(const std::string& name, const c10::Error& error);

// Each throws c10::Error that says what was expected and what came, in PyTorch's words where PyTorch has
// some.
void check_batch_norm(const torch::Tensor& input, const torch::Tensor& running_mean,
                      const torch::Tensor& running_var, const functional::BatchNormFuncOptions& options);

// A dense (N, C, ...) tensor on the CPU of a dtype that the kernels take; `operation` is for the message.
void check_input(const char* operation, const torch::Tensor& input);

// A mask that says which positions of such a tensor count (functional.h).
void check_mask(const char* operation, const torch::Tensor& mask, const torch::Tensor& input);

// Calls `call`; its errors begin with the name of the layer, if it has one.
template <typename Call>
auto with_name(const std::string& name, Call call) {
  try {
    return call();
  } catch (const c10::Error& error) {
    if (name.empty()) throw;
    throw_with_name(name, error);
  }
}

// The rank that BatchNorm1d, 2d or 3d takes.
void check_rank(const torch::Tensor& input, std::size_t spatial_dimensions);

}  // namespace evenkeel::libtorch
