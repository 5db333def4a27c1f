#include "libtorch/overwriting.h"

#include <c10/core/InferenceMode.h>
#include <torch/torch.h>

namespace evenkeel::libtorch {
namespace {

bool may_be_written(const Tensor& tensor) {
  const bool is_parameter = tensor.is_leaf() && tensor.requires_grad();
  return !is_parameter && (!tensor.is_inference() || c10::InferenceMode::is_enabled());
}

bool may_take_output(const Tensor& residual, const Tensor& input) {
  // Two views of the same memory may lie shifted against each other.
  return is_given(residual) && may_be_written(residual) && !residual.is_alias_of(input);
}

}  // namespace

bool may_overwrite_residual(const Forward& call) {
  // A view in the graph would have to change the history of its base.
  return may_take_output(call.residual, call.input) && !call.residual.is_view();
}

Tensor output_without_graph(const Forward& call, bool inplace) {
  const bool has_residual = is_given(call.residual);
  const Tensor& target = has_residual ? call.residual : call.input;
  const bool allowed = has_residual ? may_take_output(target, call.input) : may_be_written(target);
  if (!inplace || !allowed) return at::empty_like(call.input);
  torch::autograd::impl::bump_version(target);
  return target;
}

}  // namespace evenkeel::libtorch
