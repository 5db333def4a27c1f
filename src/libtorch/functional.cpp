#include "evenkeel/functional.h"

#include <torch/torch.h>

#include <utility>

#include "libtorch/autograd.h"
#include "libtorch/check.h"
#include "libtorch/kernel_calls.h"
#include "libtorch/running_update.h"

namespace evenkeel::functional {

using torch::Tensor;

Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                  const BatchNormFuncOptions& options) {
  libtorch::check_batch_norm(input, running_mean, running_var, options);
  const Tensor dense = libtorch::dense(input);
  const Tensor& added = options.residual();
  libtorch::Forward call{dense,
                         options.weight(),
                         options.bias(),
                         added.defined() ? libtorch::laid_out_as(dense, added) : added,
                         {options.eps(), options.activation(), options.negative_slope()}};
  if (!options.training()) {
    return libtorch::evaluation_norm(std::move(call), running_mean, running_var, options.inplace());
  }
  const Tensor moments = libtorch::empty_moments(dense);
  Tensor output = libtorch::training_norm(std::move(call), moments, options.inplace());
  if (running_mean.defined() && dense.numel() > 0) {
    const auto count = static_cast<double>(dense.numel() / dense.size(1));
    libtorch::take_batch({moments, count}, running_mean, running_var, options);
  }
  return output;
}

}  // namespace evenkeel::functional
