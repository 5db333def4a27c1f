// The values of a tensor as numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace evenkeel::libtorch {

inline std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.to(at::kDouble).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

}  // namespace evenkeel::libtorch
