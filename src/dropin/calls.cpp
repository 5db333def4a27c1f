#include "dropin/calls.h"

#include <torch/torch.h>

#include <cmath>

#include "libtorch/kernel_calls.h"

namespace evenkeel::dropin {
namespace {

libtorch::Settings plain(double eps) { return {eps, kernels::Activation::kNone, 0.0}; }

std::int64_t count_per_channel(const Tensor& input) { return input.numel() / input.size(1); }

void save_statistics(const Tensor& moments, std::int64_t count, double eps, const Outputs& outputs) {
  const std::int64_t channels = moments.size(1);
  const double* mean = moments.data_ptr<double>();
  const double* m2 = mean + channels;
  AT_DISPATCH_FLOATING_TYPES(outputs.save_mean.scalar_type(), "batch_norm", [&] {
    scalar_t* save_mean = outputs.save_mean.data_ptr<scalar_t>();
    scalar_t* save_invstd = outputs.save_invstd.data_ptr<scalar_t>();
    for (std::int64_t c = 0; c < channels; ++c) {
      save_mean[c] = static_cast<scalar_t>(mean[c]);
      save_invstd[c] = static_cast<scalar_t>(1 / std::sqrt(m2[c] / static_cast<double>(count) + eps));
    }
  });
}

// The moments that have, with an eps of 0, exactly the saved inverse deviations.
Tensor restored_moments(const Tensor& input, const Tensor& saved_mean, const Tensor& saved_invstd) {
  const auto count = static_cast<double>(count_per_channel(input));
  Tensor moments = libtorch::empty_moments(input);
  const std::int64_t channels = moments.size(1);
  double* mean = moments.data_ptr<double>();
  double* m2 = mean + channels;
  AT_DISPATCH_FLOATING_TYPES(saved_mean.scalar_type(), "batch_norm_backward", [&] {
    const scalar_t* save_mean = saved_mean.data_ptr<scalar_t>();
    const scalar_t* save_invstd = saved_invstd.data_ptr<scalar_t>();
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto invstd = static_cast<double>(save_invstd[c]);
      mean[c] = static_cast<double>(save_mean[c]);
      m2[c] = count / (invstd * invstd);
    }
  });
  return moments;
}

}  // namespace

Outputs ForwardCall::run() const {
  const std::int64_t saved = training ? input.size(1) : 0;
  const auto options = (weight.defined() ? weight : input).options();  // float32 beside halves
  const Outputs outputs{at::empty_like(input), at::empty({saved}, options), at::empty({saved}, options)};
  run_into(outputs);
  return outputs;
}

void ForwardCall::run_into(const Outputs& outputs) const {
  const libtorch::Forward forward{input, weight, bias, {}, plain(eps), outputs.output};
  if (!training) {
    libtorch::evaluation_forward(forward, running_mean, running_var);
    return;
  }
  const std::int64_t count = count_per_channel(input);
  const Tensor moments = libtorch::empty_moments(input);
  libtorch::training_forward(forward, {moments});
  save_statistics(moments, count, eps, outputs);
  // In silence towards autograd: PyTorch's operators either announce the change themselves or never do.
  if (running_mean.defined()) {
    libtorch::move_running(moments, {static_cast<double>(count), momentum}, running_mean, running_var);
  }
}

std::tuple<Tensor, Tensor, Tensor> BackwardCall::run() const {
  // In training eps is in the saved deviations already.
  const libtorch::Backward backward{
      grad_output, input, weight, {}, plain(training ? 0 : eps), {wanted[0], wanted[1], wanted[2], false}};
  const libtorch::Gradients gradients =
      training ? libtorch::training_backward(backward, {restored_moments(input, save_mean, save_invstd)})
               : libtorch::evaluation_backward(backward,
                                               libtorch::copy_statistics(input, running_mean, running_var));
  return {gradients.input, gradients.weight, gradients.bias};
}

}  // namespace evenkeel::dropin
