// Derivatives of the first-order gradients, written in LibTorch's differentiable operators, so that autograd
// gets every order beyond from them. They start from the input, never from saved statistics, because mean and
// variance are functions of the input too.
#pragma once

#include "libtorch/kernel_calls.h"

namespace evenkeel::libtorch {

// What the first-order gradients are a function of.
struct GradientArguments {
  Tensor grad_output, input, weight;
  double eps;
};

struct SecondOrder {
  Tensor grad_output, input, weight;
};

struct SecondOrderWanted {
  bool grad_output, input, weight;
};

// The vector-Jacobian product of training_backward() with `cotangents`, each of which may be undefined
// (zero).
SecondOrder training_second_order(const GradientArguments& at, const Gradients& cotangents,
                                  SecondOrderWanted wanted);

// What an activation leaves of the gradient of its output: all where it got a positive value, a constant part
// elsewhere. That is the gradient of the residual, and what the gradients of the norm start from.
Tensor differentiable_activation_backward(const Backward& call);

// What training_backward() computes with weights of positions, in the same manner.
Gradients differentiable_weighted_backward(const Backward& call, const BatchMoments& batch);

// What evaluation_backward() computes. With constant statistics the gradients are so simple that autograd
// differentiates them as they stand.
Gradients differentiable_evaluation_backward(const Backward& call, const Tensor& statistics);

}  // namespace evenkeel::libtorch
