#include "models/norms/detached_batch_norm.h"

#include <torch/torch.h>

#include <ios>
#include <numeric>
#include <vector>

#include "evenkeel/statistics_update_guard.h"

namespace evenkeel::models {
namespace {

using torch::Tensor;

Tensor detached_if(bool wanted, const Tensor& tensor) { return wanted ? tensor.detach() : tensor; }

}  // namespace

DetachedBatchNormImpl::DetachedBatchNormImpl(const torch::nn::BatchNormOptions& options, Detached detached)
    : NormImplBase(options), detached(detached) {}

void DetachedBatchNormImpl::_check_input_dim(const Tensor& input) {
  TORCH_CHECK(input.dim() >= 2, "[DetachedBatchNorm] expected an input (N, C) or (N, C, ...), found ",
              input.sizes());
  TORCH_CHECK(input.size(1) == options.num_features(), "[DetachedBatchNorm] expected ",
              options.num_features(), " channels, found ", input.size(1), " in ", input.sizes());
}

void DetachedBatchNormImpl::update(const Tensor& mean, const Tensor& variance, std::int64_t count) {
  if (NoStatisticsUpdateGuard::is_active()) return;
  const torch::NoGradGuard no_graph;
  num_batches_tracked.add_(1);
  const auto& momentum = options.momentum();
  const double weight_of_new =
      momentum.has_value() ? *momentum : 1 / num_batches_tracked.to(torch::kFloat64).item<double>();
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  running_mean.lerp_(mean.detach().view_as(running_mean), weight_of_new);
  running_var.lerp_(variance.detach().view_as(running_var) * unbiased, weight_of_new);
}

Tensor DetachedBatchNormImpl::forward(const Tensor& input) {
  _check_input_dim(input);
  std::vector<std::int64_t> others(
      static_cast<std::size_t>(input.dim()));  // all dimensions but that of the channels
  std::iota(others.begin(), others.end(), 0);
  others.erase(others.begin() + 1);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(input.dim()), 1);
  shape[1] = options.num_features();

  Tensor mean;
  Tensor variance;
  if (is_training() || !running_mean.defined()) {
    const auto count = input.numel() / options.num_features();
    TORCH_CHECK(count >= 2, "[DetachedBatchNorm] expected at least 2 values per channel in training, found ",
                input.sizes());
    mean = detached_if(detached.mean, input.mean(others, /*keepdim=*/true));
    variance = detached_if(detached.variance, (input - mean).square().mean(others, /*keepdim=*/true));
    if (is_training() && running_mean.defined()) update(mean, variance, count);
  } else {
    mean = running_mean.view(shape);
    variance = running_var.view(shape);
  }
  const Tensor normalised = (input - mean) / (variance + options.eps()).sqrt();
  if (!options.affine()) return normalised;
  return torch::addcmul(bias.view(shape), weight.view(shape), normalised);
}

void DetachedBatchNormImpl::pretty_print(std::ostream& stream) const {
  stream << std::boolalpha << "evenkeel::training::DetachedBatchNorm(" << options.num_features()
         << ", eps=" << options.eps() << ", detached mean=" << detached.mean
         << ", detached variance=" << detached.variance << ")";
}

}  // namespace evenkeel::models
