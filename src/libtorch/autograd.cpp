#include "libtorch/autograd.h"

#include <torch/torch.h>

#include "libtorch/kernel_calls.h"
#include "libtorch/second_order.h"

namespace evenkeel::libtorch {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// A node of the graph costs more than a small kernel, so it is made only when someone can ask for a gradient.
// A forward-mode tangent takes the same way, because the node refuses it; dropping it would be silently
// wrong.
bool wants_graph(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const auto is_differentiated = [](const Tensor& tensor) {
    return tensor.defined() &&
           ((tensor.requires_grad() && torch::GradMode::is_enabled()) || tensor._fw_grad(0).defined());
  };
  return is_differentiated(input) || is_differentiated(weight) || is_differentiated(bias);
}

// LibTorch 1.13 wants every tensor of a Function defined.
Tensor defined(const Tensor& parameter, const Tensor& input) {
  return parameter.defined() ? parameter : at::empty({0}, input.options());
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
    const Gradients gradients =
        training_backward(grad_output, input, weight, moments, eps, {true, true, true});
    return {gradients.input, gradients.weight, gradients.bias};
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& cotangents) {
    const tensor_list saved = ctx->get_saved_variables();
    const SecondOrder second =
        training_second_order({saved[0], saved[1], saved[2], ctx->saved_data["eps"].toDouble()},
                              {cotangents[0], cotangents[1], cotangents[2]},
                              {ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->needs_input_grad(2)});
    return {second.grad_output, second.input, second.weight, Tensor(), Tensor()};
  }
};

class TrainingNorm : public torch::autograd::Function<TrainingNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& moments, double eps) {
    Tensor output = training_forward(input, weight, bias, eps, moments);
    ctx->saved_data["eps"] = eps;
    ctx->save_for_backward({input, weight, moments});
    return output;
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& grad_outputs) {
    const tensor_list saved = ctx->get_saved_variables();
    const Tensor& input = saved[0];
    const Tensor& weight = saved[1];
    const Tensor& moments = saved[2];
    const double eps = ctx->saved_data["eps"].toDouble();
    const Wanted wanted{ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->needs_input_grad(2)};
    if (!torch::GradMode::is_enabled()) {
      const Gradients gradients = training_backward(grad_outputs[0], input, weight, moments, eps, wanted);
      return {gradients.input, gradients.weight, gradients.bias, Tensor(), Tensor()};
    }
    const tensor_list gradients = TrainingGradients::apply(grad_outputs[0], input, weight, moments, eps);
    return {wanted.input ? gradients[0] : Tensor(), wanted.weight ? gradients[1] : Tensor(),
            wanted.bias ? gradients[2] : Tensor(), Tensor(), Tensor()};
  }
};

class EvaluationNorm : public torch::autograd::Function<EvaluationNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& mean, const Tensor& variance, double eps) {
    ctx->saved_data["eps"] = eps;
    // Only the gradient of the weight reads the input, so a frozen layer does not keep it alive. The
    // statistics are copied, because a training call may move them before the backward comes.
    const bool needs_input = weight.requires_grad();
    ctx->save_for_backward({needs_input ? input : Tensor(), weight, mean.clone(), variance.clone()});
    return evaluation_forward(input, weight, bias, mean, variance, eps);
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& grad_outputs) {
    const tensor_list saved = ctx->get_saved_variables();
    const double eps = ctx->saved_data["eps"].toDouble();
    const Wanted wanted{ctx->needs_input_grad(0), ctx->needs_input_grad(1), ctx->needs_input_grad(2)};
    const auto compute =
        torch::GradMode::is_enabled() ? differentiable_evaluation_backward : evaluation_backward;
    const Gradients gradients = compute(grad_outputs[0], saved[0], saved[1], saved[2], saved[3], eps, wanted);
    return {gradients.input, gradients.weight, gradients.bias, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor training_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, double eps,
                     const Tensor& moments) {
  return wants_graph(input, weight, bias)
             ? TrainingNorm::apply(input, defined(weight, input), defined(bias, input), moments, eps)
             : training_forward(input, weight, bias, eps, moments);
}

Tensor evaluation_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                       const Tensor& variance, double eps) {
  return wants_graph(input, weight, bias)
             ? EvaluationNorm::apply(input, defined(weight, input), defined(bias, input), mean, variance, eps)
             : evaluation_forward(input, weight, bias, mean, variance, eps);
}

}  // namespace evenkeel::libtorch
