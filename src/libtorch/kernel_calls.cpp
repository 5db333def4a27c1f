#include "libtorch/kernel_calls.h"

#include <torch/torch.h>

#include <cstring>

#include "evenkeel/kernels/batch_norm.h"
#include "libtorch/executor.h"

namespace evenkeel::libtorch {
namespace {

// Calls body with a value of the type that the kernels have for a dtype.
template <typename Body>
auto with_element(torch::Dtype dtype, Body body) {
  switch (dtype) {
    case torch::kDouble:
      return body(double{});
    case torch::kHalf:
      return body(kernels::float16());
    case torch::kBFloat16:
      return body(kernels::bfloat16());
    default:  // the callers checked it
      return body(float{});
  }
}

// kernels::Parameter as a dtype.
torch::Dtype parameter_dtype(torch::Dtype dtype) {
  return dtype == torch::kDouble ? torch::kDouble : torch::kFloat;
}

template <typename P>
void point(P*& pointer, const Tensor& tensor) {
  pointer = is_given(tensor) ? static_cast<P*>(tensor.data_ptr()) : nullptr;
}

// C values as the kernels read them for an input of this dtype.
Tensor in_order(const Tensor& values, torch::Dtype dtype) {
  const torch::Dtype wanted = parameter_dtype(dtype);
  const bool fits =
      !is_given(values) || (values.scalar_type() == wanted && values.is_contiguous() && !values.is_neg());
  return fits ? values : values.resolve_neg().to(wanted).contiguous();
}

bool same_layout(const Tensor& a, const Tensor& b) {
  for (std::int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  }
  return !a.is_neg() && !b.is_neg();
}

template <typename Call>
void describe(Call& call, const Tensor& input, const Tensor& weights, const Settings& settings,
              const Tensor& positive) {
  call.geometry = geometry_of(input);
  call.eps = settings.eps;
  call.activation = settings.activation;
  call.negative_slope = settings.negative_slope;
  point(call.weight, weights);
  point(call.positive, positive);
}

// Two rows of C values.
template <typename P>
void point_to_rows(P*& first, P*& second, const Tensor& rows) {
  point(first, rows);
  second = first + rows.size(1);
}

// `statistics` completes a call with those to normalise with.
template <template <typename> class Call, typename Statistics>
void run_forward(const Forward& forward, Statistics statistics) {
  const torch::Dtype dtype = forward.input.scalar_type();
  const Tensor weights = in_order(forward.weight, dtype);
  const Tensor biases = in_order(forward.bias, dtype);
  with_element(dtype, [&]<typename T>(T) {
    Call<T> call;
    describe(call, forward.input, weights, forward.settings, forward.positive);
    point(call.input, forward.input);
    point(call.bias, biases);
    point(call.residual, forward.residual);
    point(call.output, forward.output);
    statistics(call);
    kernels::run(call, executor());
  });
}

template <template <typename> class Call, typename Statistics>
Gradients run_backward(const Backward& backward, bool reads_input, Statistics statistics) {
  const auto& [grad_output, input, weight, positive, settings, wanted] = backward;
  const torch::Dtype dtype = input.scalar_type();
  const Tensor gradients = laid_out_as(input, grad_output);
  const Tensor weights = in_order(weight, dtype);
  const auto values = [&](bool is_wanted) { return is_wanted ? at::empty_like(gradients) : Tensor(); };
  const auto channels = [&](bool is_wanted) {
    return is_wanted ? at::empty({input.size(1)}, gradients.options().dtype(parameter_dtype(dtype)))
                     : Tensor();
  };
  // Without an activation the gradient of the residual is grad_output; with one, the kernels write it along
  // with the gradient of the input.
  const bool masked = wanted.residual && settings.activated();
  const Gradients result{values(wanted.input || masked), channels(wanted.weight), channels(wanted.bias),
                         masked ? values(true) : (wanted.residual ? grad_output : Tensor())};
  with_element(dtype, [&]<typename T>(T) {
    Call<T> call;
    describe(call, input, weights, settings, positive);
    if (reads_input) point(call.input, input);
    point(call.grad_output, gradients);
    point(call.grad_input, result.input);
    point(call.grad_weight, result.weight);
    point(call.grad_bias, result.bias);
    if (masked) point(call.grad_residual, result.residual);
    statistics(call);
    kernels::run(call, executor());
  });
  return result;
}

}  // namespace

Tensor dense(const Tensor& input) {
  if (input.is_neg()) return dense(input.resolve_neg());
  return input.is_non_overlapping_and_dense() ? input : input.contiguous();
}

Tensor laid_out_as(const Tensor& other, const Tensor& tensor) {
  if (same_layout(tensor, other)) return tensor;
  return at::empty_strided(other.sizes(), other.strides(), tensor.options()).copy_(tensor);
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

Tensor empty_positive(const Tensor& input) {
  const std::int64_t bytes = with_element(
      input.scalar_type(), [&]<typename T>(T) { return kernels::positive_bytes<T>(geometry_of(input)); });
  return at::empty({bytes}, input.options().dtype(torch::kByte));
}

Tensor channel_moments(const Tensor& input) {
  const Tensor moments = empty_moments(input);
  with_element(input.scalar_type(), [&]<typename T>(T) {
    kernels::ChannelMoments<T> call;
    call.geometry = geometry_of(input);
    point(call.input, input);
    point_to_rows(call.mean, call.m2, moments);
    kernels::run(call, executor());
  });
  return moments;
}

void training_forward(const Forward& call, const Tensor& moments) {
  run_forward<kernels::TrainingForward>(
      call, [&](auto& kernel) { point_to_rows(kernel.mean, kernel.m2, moments); });
}

void evaluation_forward(const Forward& call, const Tensor& mean, const Tensor& variance) {
  const Tensor means = in_order(mean, call.input.scalar_type());
  const Tensor variances = in_order(variance, call.input.scalar_type());
  run_forward<kernels::EvaluationForward>(call, [&](auto& kernel) {
    point(kernel.mean, means);
    point(kernel.variance, variances);
  });
}

Gradients training_backward(const Backward& call, const Tensor& moments) {
  return run_backward<kernels::TrainingBackward>(
      call, true, [&](auto& kernel) { point_to_rows(kernel.mean, kernel.m2, moments); });
}

Gradients evaluation_backward(const Backward& call, const Tensor& statistics) {
  return run_backward<kernels::EvaluationBackward>(call, call.wanted.weight, [&](auto& kernel) {
    point_to_rows(kernel.mean, kernel.variance, statistics);
  });
}

Tensor copy_statistics(const Tensor& input, const Tensor& mean, const Tensor& variance) {
  const Tensor means = in_order(mean, input.scalar_type());
  const Tensor variances = in_order(variance, input.scalar_type());
  const Tensor rows = at::empty({2, input.size(1)}, means.options());
  if (!is_given(rows)) return rows;
  auto* first = static_cast<char*>(rows.data_ptr());
  std::memcpy(first, means.data_ptr(), means.nbytes());
  std::memcpy(first + means.nbytes(), variances.data_ptr(), variances.nbytes());
  return rows;
}

Tensor layout_of(const Tensor& input) {
  return at::empty_strided(input.sizes(), input.strides(), input.options().device(torch::kMeta));
}

Tensor positive_mask(const Tensor& input, const Tensor& positive) {
  // Only the kernels know the order of the bits: this is the gradient of a ReLU alone, with 1 coming in.
  const auto options = input.options().device(torch::kCPU);
  const Tensor ones = at::empty_strided(input.sizes(), input.strides(), options).fill_(1);
  const Tensor channels = at::ones({input.size(1)}, options);
  const Backward relu{
      ones, input, {}, positive, {0.0, kernels::Activation::kReLU, 0.0}, {true, false, false, false}};
  return evaluation_backward(relu, copy_statistics(input, channels, channels)).input.to(torch::kBool);
}

void move_running(const Tensor& moments, const RunningStep& step, const Tensor& running_mean,
                  const Tensor& running_var) {
  with_element(running_mean.scalar_type(), [&]<typename T>(T) {
    kernels::RunningUpdate<kernels::Parameter<T>> call;
    call.channels = moments.size(1);
    call.count = step.count;
    point_to_rows(call.mean, call.m2, moments);
    call.momentum = step.momentum;
    call.unbiased = step.unbiased;
    point(call.running_mean, running_mean);
    point(call.running_var, running_var);
    kernels::run(call);
  });
}

void update_running(const Tensor& moments, const RunningStep& step, const Tensor& running_mean,
                    const Tensor& running_var) {
  const Tensor means = in_order(running_mean, running_mean.scalar_type());
  const Tensor variances = in_order(running_var, running_var.scalar_type());
  move_running(moments, step, means, variances);
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
