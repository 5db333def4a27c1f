#include "dropin/calls.h"

#include <torch/torch.h>

#include "dropin/saved_statistics.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel::dropin {
namespace {

libtorch::Settings plain(double eps) { return {eps, kernels::Activation::kNone, 0.0}; }

std::int64_t count_per_channel(const Tensor& input) { return input.numel() / input.size(1); }

}  // namespace

Outputs ForwardCall::run() const {
  const std::int64_t saved = training ? input.size(1) : 0;
  const auto options = (weight.defined() ? weight : input).options();  // float32 beside halves
  const Outputs outputs{at::empty_like(input), empty_saved_mean(saved, options), at::empty({saved}, options)};
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
  save_statistics(moments, count, eps, outputs.save_mean, outputs.save_invstd);
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
