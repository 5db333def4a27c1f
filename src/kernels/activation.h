// What a call says about its activation, as the vector loops take it.
#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/vector_kernels.h"

namespace evenkeel::kernels {

template <typename Call>
double slope_below_zero(const Call& call) {
  return call.activation == Activation::kReLU ? 0.0 : call.negative_slope;
}

// The gradient a backward call starts from.
template <typename T, typename Call>
Gradient<T> incoming_gradient(const Call& call) {
  if (call.activation == Activation::kNone) return {call.grad_output, nullptr, Parameter<T>{}};
  return {call.grad_output, call.positive, static_cast<Parameter<T>>(slope_below_zero(call))};
}

}  // namespace evenkeel::kernels
