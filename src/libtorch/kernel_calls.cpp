#include "libtorch/kernel_calls.h"

#include <torch/torch.h>

#include "evenkeel/kernels/batch_norm.h"
#include "libtorch/executor.h"

namespace evenkeel::libtorch {
namespace {

template <typename T>
T* pointer(const Tensor& tensor) {
  return is_given(tensor) ? tensor.data_ptr<T>() : nullptr;
}

// Tensors of C values: as the kernels read them.
Tensor in_order(const Tensor& values) {
  if (!is_given(values) || (values.is_contiguous() && !values.is_neg())) return values;
  return values.resolve_neg().contiguous();
}

bool same_layout(const Tensor& a, const Tensor& b) {
  for (std::int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  }
  return !a.is_neg() && !b.is_neg();
}

// `tensor` with its values in the order of memory of `other`.
Tensor laid_out_as(const Tensor& other, const Tensor& tensor) {
  return same_layout(tensor, other) ? tensor : at::empty_like(other).copy_(tensor);
}

Gradients empty_gradients(const Tensor& input, Wanted wanted) {
  const auto channels = [&] { return at::empty({input.size(1)}, input.options()); };
  return {wanted.input ? at::empty_like(input) : Tensor(), wanted.weight ? channels() : Tensor(),
          wanted.bias ? channels() : Tensor()};
}

}  // namespace

Tensor dense(const Tensor& input) {
  if (input.is_neg()) return dense(input.resolve_neg());
  return input.is_non_overlapping_and_dense() ? input : input.contiguous();
}

kernels::Geometry geometry_of(const Tensor& input) {
  const std::int64_t size = input.numel();
  const std::int64_t channels = input.size(1);
  if (size == 0) return {0, channels, 1};
  // The stride of a dimension of size 1 says nothing; one channel takes all the memory there is.
  const std::int64_t inner = channels == 1 ? size : input.stride(1);
  return {size / (channels * inner), channels, inner};
}

Tensor empty_moments(const Tensor& input) {
  return at::empty({2, input.size(1)}, input.options().dtype(torch::kDouble));
}

Tensor training_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, double eps,
                        const Tensor& moments, Tensor output) {
  const Tensor weights = in_order(weight);
  const Tensor biases = in_order(bias);
  if (!output.defined()) output = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "batch_norm", [&] {
    kernels::TrainingForward<scalar_t> call;
    call.geometry = geometry_of(input);
    call.input = pointer<scalar_t>(input);
    call.weight = pointer<scalar_t>(weights);
    call.bias = pointer<scalar_t>(biases);
    call.eps = eps;
    call.output = pointer<scalar_t>(output);
    call.mean = pointer<double>(moments);
    call.m2 = call.mean + call.geometry.channels;
    kernels::run(call, executor());
  });
  return output;
}

Tensor evaluation_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                          const Tensor& variance, double eps, Tensor output) {
  const Tensor weights = in_order(weight);
  const Tensor biases = in_order(bias);
  const Tensor means = in_order(mean);
  const Tensor variances = in_order(variance);
  if (!output.defined()) output = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "batch_norm", [&] {
    kernels::EvaluationForward<scalar_t> call;
    call.geometry = geometry_of(input);
    call.input = pointer<scalar_t>(input);
    call.weight = pointer<scalar_t>(weights);
    call.bias = pointer<scalar_t>(biases);
    call.mean = pointer<scalar_t>(means);
    call.variance = pointer<scalar_t>(variances);
    call.eps = eps;
    call.output = pointer<scalar_t>(output);
    kernels::run(call, executor());
  });
  return output;
}

Gradients training_backward(const Tensor& grad_output, const Tensor& input, const Tensor& weight,
                            const Tensor& moments, double eps, Wanted wanted) {
  const Tensor gradients = laid_out_as(input, grad_output);
  const Tensor weights = in_order(weight);
  const Gradients result = empty_gradients(input, wanted);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "batch_norm_backward", [&] {
    kernels::TrainingBackward<scalar_t> call;
    call.geometry = geometry_of(input);
    call.input = pointer<scalar_t>(input);
    call.grad_output = pointer<scalar_t>(gradients);
    call.weight = pointer<scalar_t>(weights);
    call.mean = pointer<double>(moments);
    call.m2 = call.mean + call.geometry.channels;
    call.eps = eps;
    call.grad_input = pointer<scalar_t>(result.input);
    call.grad_weight = pointer<scalar_t>(result.weight);
    call.grad_bias = pointer<scalar_t>(result.bias);
    kernels::run(call, executor());
  });
  return result;
}

Gradients evaluation_backward(const Tensor& grad_output, const Tensor& input, const Tensor& weight,
                              const Tensor& mean, const Tensor& variance, double eps, Wanted wanted) {
  const Tensor gradients = input.defined() ? laid_out_as(input, grad_output) : dense(grad_output);
  const Tensor weights = in_order(weight);
  const Tensor means = in_order(mean);
  const Tensor variances = in_order(variance);
  const Gradients result = empty_gradients(gradients, wanted);
  AT_DISPATCH_FLOATING_TYPES(gradients.scalar_type(), "batch_norm_backward", [&] {
    kernels::EvaluationBackward<scalar_t> call;
    call.geometry = geometry_of(gradients);
    call.input = pointer<scalar_t>(input);
    call.grad_output = pointer<scalar_t>(gradients);
    call.weight = pointer<scalar_t>(weights);
    call.mean = pointer<scalar_t>(means);
    call.variance = pointer<scalar_t>(variances);
    call.eps = eps;
    call.grad_input = pointer<scalar_t>(result.input);
    call.grad_weight = pointer<scalar_t>(result.weight);
    call.grad_bias = pointer<scalar_t>(result.bias);
    kernels::run(call, executor());
  });
  return result;
}

void move_running(const Tensor& moments, std::int64_t count, double momentum, const Tensor& running_mean,
                  const Tensor& running_var) {
  AT_DISPATCH_FLOATING_TYPES(running_mean.scalar_type(), "batch_norm_update", [&] {
    kernels::RunningUpdate<scalar_t> call;
    call.channels = moments.size(1);
    call.count = count;
    call.mean = pointer<double>(moments);
    call.m2 = call.mean + call.channels;
    call.momentum = momentum;
    call.running_mean = pointer<scalar_t>(running_mean);
    call.running_var = pointer<scalar_t>(running_var);
    kernels::run(call);
  });
}

void update_running(const Tensor& moments, std::int64_t count, double momentum, const Tensor& running_mean,
                    const Tensor& running_var) {
  const Tensor means = in_order(running_mean);
  const Tensor variances = in_order(running_var);
  move_running(moments, count, momentum, means, variances);
  // What is written through a pointer autograd does not see; it has to know, to refuse a backward that saved
  // the old values.
  const auto publish = [](const Tensor& written, const Tensor& running) {
    if (written.is_same(running)) {
      torch::autograd::impl::bump_version(running);
    } else {
      torch::NoGradGuard no_grad;
      running.copy_(written);
    }
  };
  publish(means, running_mean);
  publish(variances, running_var);
}

}  // namespace evenkeel::libtorch
