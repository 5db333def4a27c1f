#include "libtorch/autograd.h"

#include <c10/core/InferenceMode.h>
#include <torch/torch.h>

#include "libtorch/overwriting.h"
#include "libtorch/second_order.h"

namespace evenkeel::libtorch {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// A node of the graph costs more than a small kernel, so it is made only when someone can ask for a gradient.
// A forward-mode tangent takes the same way, because the node refuses it; dropping it would be silently
// wrong.
bool wants_graph(const Forward& call) {
  const auto is_differentiated = [](const Tensor& tensor) {
    return tensor.defined() &&
           ((tensor.requires_grad() && torch::GradMode::is_enabled()) || tensor._fw_grad(0).defined());
  };
  return is_differentiated(call.input) || is_differentiated(call.weight) || is_differentiated(call.bias) ||
         is_differentiated(call.residual);
}

// LibTorch 1.13 wants every tensor of a Function defined, so this stands for "none".
const Tensor& defined(const Tensor& tensor) {
  static const Tensor none = [] {
    const c10::InferenceMode off(false);  // an inference tensor could not be saved for a backward
    return at::empty({0});
  }();
  return tensor.defined() ? tensor : none;
}

// What the two nodes below do alike: settings and tensors on their way to the backward, the output on its way
// out. The bits of an activation are kept, never the output nor the residual.
void start_node(AutogradContext* ctx, Forward& call, bool over_residual) {
  ctx->saved_data["eps"] = call.settings.eps;
  ctx->saved_data["activation"] = static_cast<std::int64_t>(call.settings.activation);
  ctx->saved_data["negative_slope"] = call.settings.negative_slope;
  if (call.settings.activated()) call.positive = empty_positive(call.input);
  call.output = over_residual ? call.residual : at::empty_like(call.input);
  if (!over_residual) return;
  ctx->mark_dirty({call.residual});
  torch::autograd::impl::bump_version(call.residual);
}

// `saved` starts with input, weight and the bits; the node's arguments with input, weight, bias and residual.
Backward backward_of(AutogradContext* ctx, const tensor_list& saved, const Tensor& grad_output) {
  const Settings settings{ctx->saved_data["eps"].toDouble(),
                          static_cast<kernels::Activation>(ctx->saved_data["activation"].toInt()),
                          ctx->saved_data["negative_slope"].toDouble()};
  const auto wanted = [&](std::size_t argument) { return ctx->needs_input_grad(argument); };
  return {grad_output, saved[0], saved[1], saved[2], settings, {wanted(0), wanted(1), wanted(2), wanted(3)}};
}

// The first-order gradients in training as a function that can itself be differentiated, in grad_output,
// input and weight. The values come from the kernels; their derivatives are written in differentiable
// operators.
class TrainingGradients : public torch::autograd::Function<TrainingGradients> {
 public:
  static tensor_list forward(AutogradContext* ctx, const Tensor& grad_output, const Tensor& input,
                             const Tensor& weight, const Tensor& moments, double eps) {
    ctx->set_materialize_grads(false);
    ctx->saved_data["eps"] = eps;
    ctx->save_for_backward({grad_output, input, weight});
    // All three: an output of a Function has to be defined.
    const Settings settings{eps, kernels::Activation::kNone, 0.0};
    const Gradients gradients =
        training_backward({grad_output, input, weight, {}, settings, {true, true, true, false}}, {moments});
    return {gradients.input, gradients.weight, gradients.bias};
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& cotangents) {
    const tensor_list saved = ctx->get_saved_variables();
    const SecondOrder second =
        training_second_order({saved[0], saved[1], saved[2], ctx->saved_data["eps"].toDouble()},
                              {cotangents[0], cotangents[1], cotangents[2], {}},
                              {ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->needs_input_grad(2)});
    return {second.grad_output, second.input, second.weight, Tensor(), Tensor()};
  }
};

class TrainingNorm : public torch::autograd::Function<TrainingNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& residual, const BatchMoments& batch, const Settings& settings,
                        bool over_residual) {
    Forward call{input, weight, bias, residual, settings};
    start_node(ctx, call, over_residual);
    training_forward(call, batch);
    ctx->saved_data["count"] = batch.count;
    ctx->save_for_backward({input, weight, call.positive, batch.moments, batch.weights});
    return call.output;
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& grad_outputs) {
    const tensor_list saved = ctx->get_saved_variables();
    const BatchMoments batch{saved[3], ctx->saved_data["count"].toDouble(), saved[4]};
    const Backward call = backward_of(ctx, saved, grad_outputs[0]);
    if (!torch::GradMode::is_enabled()) {
      const Gradients gradients = training_backward(call, batch);
      return {gradients.input, gradients.weight, gradients.bias, gradients.residual, {}, {}, {}};
    }
    if (is_given(batch.weights)) {
      const Gradients gradients = differentiable_weighted_backward(call, batch);
      return {gradients.input, gradients.weight, gradients.bias, gradients.residual, {}, {}, {}};
    }
    const Wanted& wanted = call.wanted;
    const Tensor g = differentiable_activation_backward(call);
    tensor_list gradients(3);
    if (wanted.input || wanted.weight || wanted.bias) {
      gradients = TrainingGradients::apply(g, call.input, call.weight, batch.moments, call.settings.eps);
    }
    return {wanted.input ? gradients[0] : Tensor(),
            wanted.weight ? gradients[1] : Tensor(),
            wanted.bias ? gradients[2] : Tensor(),
            wanted.residual ? g : Tensor(),
            Tensor(),
            Tensor(),
            Tensor()};
  }
};

class EvaluationNorm : public torch::autograd::Function<EvaluationNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& residual, const Tensor& mean, const Tensor& variance,
                        const Settings& settings, bool over_residual) {
    Forward call{input, weight, bias, residual, settings};
    start_node(ctx, call, over_residual);
    evaluation_forward(call, mean, variance);
    // Only the gradient of the weight reads the input, so a frozen layer does not keep it alive. The
    // statistics are copied, because a training call may move them before the backward comes.
    const Tensor kept = weight.requires_grad() ? input : layout_of(input);
    ctx->save_for_backward({kept, weight, call.positive, copy_statistics(input, mean, variance)});
    return call.output;
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& grad_outputs) {
    const tensor_list saved = ctx->get_saved_variables();
    const auto compute =
        torch::GradMode::is_enabled() ? differentiable_evaluation_backward : evaluation_backward;
    const Gradients gradients = compute(backward_of(ctx, saved, grad_outputs[0]), saved[3]);
    return {gradients.input, gradients.weight, gradients.bias, gradients.residual, {}, {}, {}, {}};
  }
};

}  // namespace

Tensor training_norm(Forward call, const BatchMoments& batch, bool inplace) {
  if (wants_graph(call)) {
    return TrainingNorm::apply(call.input, defined(call.weight), defined(call.bias), defined(call.residual),
                               batch, call.settings, inplace && may_overwrite_residual(call));
  }
  call.output = output_without_graph(call, inplace);
  training_forward(call, batch);
  return call.output;
}

Tensor evaluation_norm(Forward call, const Tensor& mean, const Tensor& variance, bool inplace) {
  if (wants_graph(call)) {
    return EvaluationNorm::apply(call.input, defined(call.weight), defined(call.bias), defined(call.residual),
                                 mean, variance, call.settings, inplace && may_overwrite_residual(call));
  }
  call.output = output_without_graph(call, inplace);
  evaluation_forward(call, mean, variance);
  return call.output;
}

}  // namespace evenkeel::libtorch
