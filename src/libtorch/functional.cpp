#include "evenkeel/functional.h"

#include <torch/torch.h>

#include <utility>

#include "libtorch/autograd.h"
#include "libtorch/check.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel::functional {
namespace {

using torch::Tensor;

// The weight of the new value in the running statistics, after counting the batch.
double count_batch(const BatchNormFuncOptions& options) {
  const Tensor& counter = options.num_batches_tracked();
  if (counter.defined()) counter.add_(1);
  return options.momentum().has_value() ? *options.momentum() : 1.0 / counter.item<double>();
}

}  // namespace

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
    const std::int64_t count = dense.numel() / dense.size(1);
    libtorch::update_running(moments, count, count_batch(options), running_mean, running_var);
  }
  return output;
}

}  // namespace evenkeel::functional
