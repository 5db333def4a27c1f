// The kernels on tensors: dtype, memory layout and pointers are sorted out here; nothing here knows of
// autograd.
//
// Tensors were checked by the caller: `input` is (N, C, ...), dense, float32 or float64, on the CPU;
// everything else fits it. A weight or bias that is undefined or holds nothing means "none". Statistics of a
// batch travel as `moments`, a float64 tensor [2, C] with the mean in row 0 and the sum of squared deviations
// in row 1.
#pragma once

#include <torch/types.h>

#include "evenkeel/kernels/geometry.h"

namespace evenkeel::libtorch {

using torch::Tensor;

inline bool is_given(const Tensor& tensor) { return tensor.defined() && tensor.numel() > 0; }

// The input if the kernels can work on it where it lies, else a contiguous copy that autograd knows of.
Tensor dense(const Tensor& input);

// How the values of a dense (N, C, ...) tensor lie in memory.
kernels::Geometry geometry_of(const Tensor& input);

Tensor empty_moments(const Tensor& input);

// Writes `moments`. The result goes into `output` where that is given, laid out as the input.
Tensor training_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, double eps,
                        const Tensor& moments, Tensor output = {});

Tensor evaluation_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                          const Tensor& variance, double eps, Tensor output = {});

struct Gradients {
  Tensor input, weight, bias;
};

// Which gradients to compute; the others stay undefined.
struct Wanted {
  bool input, weight, bias;
};

Gradients training_backward(const Tensor& grad_output, const Tensor& input, const Tensor& weight,
                            const Tensor& moments, double eps, Wanted wanted);

// `input` may be undefined when the gradient of the weight is not wanted.
Gradients evaluation_backward(const Tensor& grad_output, const Tensor& input, const Tensor& weight,
                              const Tensor& mean, const Tensor& variance, double eps, Wanted wanted);

// Moves the running statistics, contiguous ones, towards those of a batch with `count` values per channel.
// Autograd does not see it.
void move_running(const Tensor& moments, std::int64_t count, double momentum, const Tensor& running_mean,
                  const Tensor& running_var);

// The same for running statistics in any layout, and autograd knows that they changed.
void update_running(const Tensor& moments, std::int64_t count, double momentum, const Tensor& running_mean,
                    const Tensor& running_var);

}  // namespace evenkeel::libtorch
