#include "evenkeel/functional.h"

#include <torch/torch.h>

#include <utility>

#include "libtorch/autograd.h"
#include "libtorch/check.h"
#include "libtorch/kernel_calls.h"
#include "libtorch/running_update.h"
#include "libtorch/training_batch.h"

namespace evenkeel::functional {

using torch::Tensor;

namespace {

Tensor batch_norm_without_name(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
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
  if (dense.numel() == 0) {
    return libtorch::training_norm(std::move(call), {libtorch::empty_moments(dense)}, options.inplace());
  }
  const auto batch = libtorch::normalize_batch(call, running_mean, running_var, options);
  if (running_mean.defined()) {
    libtorch::take_batch(batch.statistics, running_mean, running_var, options);
  }
  return batch.output;
}

}  // namespace

Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                  const BatchNormFuncOptions& options) {
  return libtorch::with_name(
      options.name(), [&] { return batch_norm_without_name(input, running_mean, running_var, options); });
}

}  // namespace evenkeel::functional
