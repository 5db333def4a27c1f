// The kernels on tensors: dtype, memory layout and pointers are sorted out here; nothing here knows of
// autograd.
//
// Tensors were checked by the caller: `input` is (N, C, ...), dense, float32, float64 or a half, on the CPU;
// everything else fits it. A weight, bias or residual that is undefined or holds nothing means "none".
// Statistics of a batch travel as `moments`, a float64 tensor [2, C] with the mean in row 0 and the sum of
// squared deviations in row 1.
#pragma once

#include <torch/types.h>

#include "evenkeel/kernels/activation.h"
#include "evenkeel/kernels/geometry.h"

namespace evenkeel::libtorch {

using torch::Tensor;

inline bool is_half(torch::Dtype dtype) { return dtype == torch::kBFloat16 || dtype == torch::kHalf; }

inline bool is_given(const Tensor& tensor) { return tensor.defined() && tensor.numel() > 0; }

// The input if the kernels can work on it where it lies, else a contiguous copy that autograd knows of.
Tensor dense(const Tensor& input);

// `tensor` if its values have the order in memory of those of the dense `other`, else a copy that has, which
// autograd knows of.
Tensor laid_out_as(const Tensor& other, const Tensor& tensor);

// How the values of a dense (N, C, ...) tensor lie in memory.
kernels::Geometry geometry_of(const Tensor& input);

Tensor empty_moments(const Tensor& input);

// For the bits that a forward with an activation leaves for its backward (kernels/activation.h).
Tensor empty_positive(const Tensor& input);

// What a normalisation has besides its tensors.
struct Settings {
  double eps;
  kernels::Activation activation;
  double negative_slope;

  bool activated() const { return activation != kernels::Activation::kNone; }
};

// output = activation(norm(input) + residual).
struct Forward {
  Tensor input, weight, bias;
  Tensor residual;  // laid out as `input`
  Settings settings;
  Tensor output = {};    // laid out as `input`; may be `input` or `residual` itself
  Tensor positive = {};  // or undefined, when no backward will come
};

// The moments of a batch, without normalising it.
Tensor channel_moments(const Tensor& input);

void training_forward(const Forward& call, const Tensor& moments);  // writes `moments`
void evaluation_forward(const Forward& call, const Tensor& mean, const Tensor& variance);

// Which gradients to compute; the others stay undefined.
struct Wanted {
  bool input, weight, bias, residual;
};

struct Backward {
  Tensor grad_output;
  Tensor input;  // evaluation reads its values only for the gradient of the weight; see layout_of()
  Tensor weight;
  Tensor positive;
  Settings settings;
  Wanted wanted;
};

// Those of weight and bias have the dtype the kernels compute in: float32 for halves.
struct Gradients {
  Tensor input, weight, bias, residual;
};

Gradients training_backward(const Backward& call, const Tensor& moments);
Gradients evaluation_backward(const Backward& call, const Tensor& statistics);

// What evaluation_backward() takes: a copy of mean and variance, [2, C], in the dtype that the kernels compute in.
Tensor copy_statistics(const Tensor& input, const Tensor& mean, const Tensor& variance);

// A tensor with sizes, strides and dtype of another, and no memory: the bits belong to a layout.
Tensor layout_of(const Tensor& input);

// The bits as a tensor of bool, laid out as the gradient of an input with this layout.
Tensor positive_mask(const Tensor& input, const Tensor& positive);

// How running statistics move towards those of a batch.
struct RunningStep {
  double count;  // values per channel of the batch, or the sum of their weights
  double momentum;
  bool unbiased = true;
};

// Moves running statistics, contiguous ones of the dtype the kernels compute in. Autograd does not see it.
void move_running(const Tensor& moments, const RunningStep& step, const Tensor& running_mean,
                  const Tensor& running_var);

// The same for running statistics in any layout and dtype, and autograd knows that they changed.
void update_running(const Tensor& moments, const RunningStep& step, const Tensor& running_mean,
                    const Tensor& running_var);

}  // namespace evenkeel::libtorch
