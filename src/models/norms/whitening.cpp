#include "models/norms/whitening.h"

#include <torch/torch.h>

#include "evenkeel/statistics_update_guard.h"

namespace evenkeel::models {
namespace {

using torch::Tensor;

const char* name_of(WhiteningMethod method) {
  switch (method) {
    case WhiteningMethod::kZca:
      return "zca";
    case WhiteningMethod::kCholesky:
      return "cholesky";
    case WhiteningMethod::kNewtonSchulz:
      return "newton_schulz";
  }
  return "?";
}

}  // namespace

BatchWhiteningImpl::BatchWhiteningImpl(const BatchWhiteningOptions& options) : options(options) {
  TORCH_CHECK(options.channels() >= 1, "[BatchWhitening] expected at least 1 channel, found ",
              options.channels());
  TORCH_CHECK(options.group_size() >= 0 && options.channels() % group_size() == 0,
              "[BatchWhitening] expected a group size that divides ", options.channels(), " channels, found ",
              options.group_size());
  TORCH_CHECK(options.eps() >= 0, "[BatchWhitening] expected an eps of at least 0, found ", options.eps());
  BatchWhiteningImpl::reset();
}

std::int64_t BatchWhiteningImpl::group_size() const {
  return options.group_size() == 0 ? options.channels() : options.group_size();
}

void BatchWhiteningImpl::reset() {
  const auto channels = options.channels();
  const auto size = group_size();
  weight =
      register_parameter("weight", options.affine() ? torch::ones({channels}) : Tensor(), options.affine());
  bias = register_parameter("bias", options.affine() ? torch::zeros({channels}) : Tensor(), options.affine());
  running_mean = register_buffer("running_mean", torch::zeros({channels}));
  running_covariance = register_buffer("running_covariance", torch::eye(size).repeat({channels / size, 1}));
}

void BatchWhiteningImpl::check(const Tensor& input) const {
  TORCH_CHECK(input.dim() >= 2, "[BatchWhitening] expected an input (N, C) or (N, C, ...), found ",
              input.sizes());
  TORCH_CHECK(input.size(1) == options.channels(), "[BatchWhitening] expected ", options.channels(),
              " channels, found ", input.size(1), " in ", input.sizes());
  TORCH_CHECK(input.scalar_type() == running_mean.scalar_type(), "[BatchWhitening] expected an input of ",
              running_mean.scalar_type(), ", the layer's dtype, found ", input.scalar_type());
  TORCH_CHECK(!is_training() || input.numel() / options.channels() >= 2,
              "[BatchWhitening] expected at least 2 values per channel in training, found ", input.sizes());
}

void BatchWhiteningImpl::update(const Tensor& mean, const Tensor& covariance, std::int64_t count) {
  if (NoStatisticsUpdateGuard::is_active()) return;
  const torch::NoGradGuard no_graph;
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  running_mean.lerp_(mean.detach().view_as(running_mean), options.momentum());
  running_covariance.lerp_(covariance.detach().reshape(running_covariance.sizes()) * unbiased,
                           options.momentum());
}

Tensor BatchWhiteningImpl::forward(const Tensor& input) {
  check(input);
  const auto channels = options.channels();
  const auto size = group_size();
  const Tensor by_channel = input.transpose(0, 1);  // C, N, ...
  const Tensor values = by_channel.reshape({channels / size, size, input.numel() / channels});

  Tensor mean = running_mean.view({channels / size, size, 1});
  Tensor covariance = running_covariance.view({channels / size, size, size});
  if (is_training()) mean = values.mean(2, /*keepdim=*/true);
  const Tensor centred = values - mean;
  if (is_training()) {
    covariance = torch::bmm(centred, centred.transpose(1, 2)) / static_cast<double>(values.size(2));
    update(mean, covariance, values.size(2));
  }
  const Tensor positive = covariance + options.eps() * torch::eye(size, covariance.options());
  Tensor white = torch::bmm(whitening_matrix(positive, options.method(), options.iterations()), centred);
  if (options.affine()) {
    const auto shape = mean.sizes();
    white = torch::addcmul(bias.view(shape), weight.view(shape), white);
  }
  return white.view(by_channel.sizes()).transpose(0, 1).contiguous();
}

void BatchWhiteningImpl::pretty_print(std::ostream& stream) const {
  stream << "evenkeel::training::BatchWhitening(" << options.channels()
         << ", method=" << name_of(options.method());
  if (options.method() == WhiteningMethod::kNewtonSchulz) stream << ", iterations=" << options.iterations();
  stream << ", group_size=" << group_size() << ", eps=" << options.eps()
         << ", momentum=" << options.momentum() << ")";
}

}  // namespace evenkeel::models
