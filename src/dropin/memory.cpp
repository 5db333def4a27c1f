// What PyTorch's kernels do not check: they read and write C values of every tensor of channels through a pointer, and end the
// process, or change memory of somebody else, where there are fewer.
#include <torch/torch.h>

#include "dropin/calls.h"

namespace evenkeel::dropin {
namespace {

void check_channels_in(const Tensor& input) {
  TORCH_CHECK(input.defined() && input.dim() >= 2,
              "[batch_norm] expected an input with at least 2 dimensions (N, C, ...), found ",
              input.defined() ? input.sizes() : torch::IntArrayRef());
}

void check_holds_channels(const char* name, const Tensor& values, const Tensor& input, bool needed) {
  TORCH_CHECK(values.defined() || !needed, "[batch_norm] expected ", name, " of ", input.size(1),
              " values, found none");
  if (!values.defined()) return;
  TORCH_CHECK(values.numel() >= input.size(1), "[batch_norm] expected ", name, " of ", input.size(1),
              " values, found size ", values.sizes());
}

}  // namespace

void ForwardCall::check_memory() const {
  check_channels_in(input);
  check_holds_channels("weight", weight, input, false);
  check_holds_channels("bias", bias, input, false);
  check_holds_channels("running_mean", running_mean, input, !training);
  check_holds_channels("running_var", running_var, input, !training);
}

void BackwardCall::check_memory() const {
  check_channels_in(input);
  TORCH_CHECK(grad_output.defined() && grad_output.sizes() == input.sizes(),
              "[batch_norm_backward] expected a gradient of size ", input.sizes(), ", found ",
              grad_output.defined() ? grad_output.sizes() : torch::IntArrayRef());
  check_holds_channels("weight", weight, input, false);
  // What the mode does not need may be empty, and is not read.
  const auto check_statistic = [&](const char* name, const Tensor& values, bool needed) {
    if (needed) check_holds_channels(name, values, input, true);
  };
  check_statistic("running_mean", running_mean, !training);
  check_statistic("running_var", running_var, !training);
  check_statistic("save_mean", save_mean, training);
  check_statistic("save_invstd", save_invstd, training);
}

}  // namespace evenkeel::dropin
