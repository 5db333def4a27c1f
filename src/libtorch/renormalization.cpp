#include "libtorch/renormalization.h"

#include <torch/torch.h>

#include <limits>

namespace evenkeel::libtorch {
namespace {

struct Correction {
  Tensor r, d;  // float64, C values
};

Correction correction_of(const BatchMoments& batch, const Tensor& running_mean, const Tensor& running_var,
                         const functional::BatchNormFuncOptions& options) {
  const torch::NoGradGuard constants;
  const BatchRenormalization& limits = *options.renormalization();
  const Tensor& counter = options.num_batches_tracked();
  const std::int64_t batches =
      counter.defined() ? counter.item<std::int64_t>() : std::numeric_limits<std::int64_t>::max();
  const double r_limit = limits.r_limit(batches);
  const double d_limit = limits.d_limit(batches);
  const Tensor std = (batch.moments[1] / batch.count + options.eps()).sqrt();
  const Tensor running_std = (running_var.detach().to(torch::kDouble) + options.eps()).sqrt();
  const Tensor moved = batch.moments[0] - running_mean.detach().to(torch::kDouble);
  return {(std / running_std).clamp(1 / r_limit, r_limit), (moved / running_std).clamp(-d_limit, d_limit)};
}

}  // namespace

void renormalize(Forward& call, const BatchMoments& batch, const Tensor& running_mean,
                 const Tensor& running_var, const functional::BatchNormFuncOptions& options) {
  const auto [r, d] = correction_of(batch, running_mean, running_var, options);
  const torch::Dtype dtype = parameter_dtype(call.input.scalar_type());
  Tensor weight = r;
  Tensor bias = d;
  if (call.weight.defined()) {
    const Tensor wide = call.weight.to(torch::kDouble);
    weight = wide * r;
    bias = wide * d;
  }
  if (call.bias.defined()) bias = bias + call.bias.to(torch::kDouble);
  call.weight = weight.to(dtype);
  call.bias = bias.to(dtype);
}

}  // namespace evenkeel::libtorch
