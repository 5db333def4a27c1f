#include "libtorch/check.h"

#include <ATen/MemoryOverlap.h>
#include <c10/core/InferenceMode.h>
#include <torch/torch.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "libtorch/kernel_calls.h"

namespace evenkeel::libtorch {
namespace {

using torch::Tensor;

void check_values_per_channel(const Tensor& input) {
  const std::int64_t channels = input.size(1);
  std::int64_t count = input.size(0);
  for (std::int64_t d = 2; d < input.dim(); ++d) count *= input.size(d);
  TORCH_CHECK(count != 1 || channels == 0,
              "Expected more than 1 value per channel when training, got input size ", input.sizes());
}

// C values that go with the input.
void check_channels(const char* name, const Tensor& values, const Tensor& input) {
  if (!values.defined()) return;
  TORCH_CHECK(values.numel() == input.size(1), name, " should contain ", input.size(1), " elements not ",
              values.numel());
  TORCH_CHECK(values.dim() == 1, "[batch_norm] expected ", name, " with one dimension, got size ",
              values.sizes());
  const bool half = is_half(input.scalar_type());
  const bool fits =
      values.scalar_type() == input.scalar_type() || (half && values.scalar_type() == torch::kFloat);
  TORCH_CHECK(fits, "[batch_norm] expected ", name, " of dtype ", input.scalar_type(), " like the input",
              half ? ", or Float, got " : ", got ", values.scalar_type());
  TORCH_CHECK(values.device().is_cpu() && values.layout() == torch::kStrided, "[batch_norm] expected ", name,
              " to be dense and on the CPU, got ", values.layout(), " on ", values.device());
}

void check_residual(const Tensor& residual, const Tensor& input) {
  if (!residual.defined()) return;
  TORCH_CHECK(residual.sizes() == input.sizes(), "[batch_norm] expected residual of size ", input.sizes(),
              " like the input, got ", residual.sizes());
  TORCH_CHECK(residual.scalar_type() == input.scalar_type(), "[batch_norm] expected residual of dtype ",
              input.scalar_type(), " like the input, got ", residual.scalar_type());
  TORCH_CHECK(residual.device().is_cpu() && residual.layout() == torch::kStrided,
              "[batch_norm] expected residual to be dense and on the CPU, got ", residual.layout(), " on ",
              residual.device());
}

std::vector<std::int64_t> without_channels(const Tensor& input, bool keep) {
  std::vector<std::int64_t> sizes = input.sizes().vec();
  if (keep) {
    sizes[1] = 1;
  } else {
    sizes.erase(sizes.begin() + 1);
  }
  return sizes;
}

void check_virtual_batch_size(const functional::BatchNormFuncOptions& options, const Tensor& input) {
  if (!options.virtual_batch_size()) return;
  const std::int64_t examples = *options.virtual_batch_size();
  TORCH_CHECK(examples >= 1, "[batch_norm] expected virtual_batch_size of at least 1, got ", examples);
  const bool one_value = examples == 1 && input.numel() == input.size(0) * input.size(1);
  TORCH_CHECK(
      !options.training() || !one_value || input.numel() == 0,
      "[batch_norm] expected virtual_batch_size with more than 1 value per channel, got 1 for input size ",
      input.sizes());
}

void check_renormalization(const functional::BatchNormFuncOptions& options, const Tensor& running_mean) {
  if (!options.renormalization()) return;
  const BatchRenormalization& limits = *options.renormalization();
  TORCH_CHECK(limits.r_max >= 1 && std::isfinite(limits.r_max),
              "[batch_norm] expected a finite r_max of at least 1, got ", limits.r_max);
  TORCH_CHECK(limits.d_max >= 0 && std::isfinite(limits.d_max),
              "[batch_norm] expected a finite d_max of at least 0, got ", limits.d_max);
  TORCH_CHECK(limits.r_begin <= limits.r_end, "[batch_norm] expected r_begin of at most r_end, got ",
              limits.r_begin, " and ", limits.r_end);
  TORCH_CHECK(limits.d_begin <= limits.d_end, "[batch_norm] expected d_begin of at most d_end, got ",
              limits.d_begin, " and ", limits.d_end);
  TORCH_CHECK(!options.training() || running_mean.defined(),
              "[batch_norm] expected running statistics for renormalization, got none");
}

// In a half or a float a count stops growing.
void check_counter(const Tensor& counter) {
  if (!counter.defined()) return;
  TORCH_CHECK(at::isIntegralType(counter.scalar_type(), /*includeBool=*/false),
              "[batch_norm] expected num_batches_tracked of an integer dtype, got ", counter.scalar_type());
  TORCH_CHECK(counter.numel() == 1, "[batch_norm] expected num_batches_tracked with one value, got size ",
              counter.sizes());
}

void check_momentum(const std::optional<double>& momentum) {
  TORCH_CHECK(!momentum || (*momentum >= 0 && *momentum <= 1),
              "[batch_norm] expected momentum from 0 to 1, or none for a cumulative average, got ",
              *momentum);
}

// Where an update could not be written, which would show only when outputs are.
void check_writable(const char* name, const Tensor& values) {
  if (!values.defined()) return;
  TORCH_CHECK(!values.is_inference() || c10::InferenceMode::is_enabled(), "[batch_norm] expected ", name,
              " that can be updated, got an inference tensor outside of inference mode");
  TORCH_CHECK(at::has_internal_overlap(values) != at::MemOverlap::Yes, "[batch_norm] expected ", name,
              " with memory for every value, got strides ", values.strides());
}

// Users of Keras and Flax turn the convention round.
void warn_of_momentum(const functional::BatchNormFuncOptions& options, const Tensor& running_mean) {
  if (!options.training() || !running_mean.defined() || options.momentum().value_or(0) <= 0.5) return;
  TORCH_WARN_ONCE("[batch_norm] momentum ", *options.momentum(),
                  " weighs the new value: running = (1 - momentum) * running + momentum * batch. Where a "
                  "momentum weighs the old value, as in Keras and Flax, this one is called ",
                  1 - *options.momentum(), "; decay() of the options takes that.");
}

}  // namespace

void throw_with_name(const std::string& name, const c10::Error& error) {
  std::string message = error.what_without_backtrace();
  const std::size_t tag = message.starts_with('[') ? message.find("] ") : std::string::npos;
  message.insert(tag == std::string::npos ? 0 : tag + 2, name + ": ");
  throw c10::Error({__func__, __FILE__, static_cast<std::uint32_t>(__LINE__)}, message);
}

void check_input(const char* operation, const Tensor& input) {
  TORCH_CHECK(input.defined(), "[", operation, "] expected an input, got an undefined tensor");
  TORCH_CHECK(input.device().is_cpu(), "[", operation, "] expected an input on the CPU, got one on ",
              input.device());
  TORCH_CHECK(input.layout() == torch::kStrided, "[", operation,
              "] expected a dense (strided) input, got layout ", input.layout());
  const torch::Dtype dtype = input.scalar_type();
  TORCH_CHECK(dtype == torch::kFloat || dtype == torch::kDouble || is_half(dtype), "[", operation,
              "] expected input of dtype Float, Double, BFloat16 or Half, got ", dtype);
  TORCH_CHECK(input.dim() >= 2, "[", operation,
              "] expected input with at least 2 dimensions (N, C, ...), got ", input.dim(), "D input");
}

void check_mask(const char* operation, const Tensor& mask, const Tensor& input) {
  const bool fits = mask.sizes() == input.sizes().slice(0, 1) ||
                    mask.sizes() == without_channels(input, false) ||
                    mask.sizes() == without_channels(input, true);
  TORCH_CHECK(fits, "[", operation,
              "] expected mask of size (N), (N, *spatial) or (N, 1, *spatial) for input size ", input.sizes(),
              ", got ", mask.sizes());
  const torch::Dtype dtype = mask.scalar_type();
  TORCH_CHECK(dtype == torch::kBool || dtype == torch::kFloat || dtype == input.scalar_type(), "[", operation,
              "] expected mask of dtype Bool, Float or ", input.scalar_type(), " like the input, got ",
              dtype);
  TORCH_CHECK(mask.device().is_cpu() && mask.layout() == torch::kStrided, "[", operation,
              "] expected mask to be dense and on the CPU, got ", mask.layout(), " on ", mask.device());
  if (dtype == torch::kBool || mask.numel() == 0) return;
  const auto [smallest, largest] = at::aminmax(mask.detach().to(parameter_dtype(dtype)));
  // NaN is the smallest and the largest there is.
  TORCH_CHECK(smallest.item<double>() >= 0 && std::isfinite(largest.item<double>()), "[", operation,
              "] expected a mask of finite weights of at least 0, got values from ", smallest.item<double>(),
              " to ", largest.item<double>());
}

void check_batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                      const functional::BatchNormFuncOptions& options) {
  check_input("batch_norm", input);
  if (options.training()) {
    check_values_per_channel(input);
    TORCH_CHECK(running_mean.defined() == running_var.defined(),
                "[batch_norm] expected running_mean and running_var or neither, got only ",
                running_mean.defined() ? "running_mean" : "running_var");
    TORCH_CHECK(
        options.momentum().has_value() || !running_mean.defined() || options.num_batches_tracked().defined(),
        "[batch_norm] expected num_batches_tracked for a cumulative average (momentum nullopt), got none");
    if (running_mean.defined()) {
      check_counter(options.num_batches_tracked());
      check_writable("num_batches_tracked", options.num_batches_tracked());
      check_writable("running_mean", running_mean);
      check_writable("running_var", running_var);
    }
  } else {
    TORCH_CHECK(running_mean.defined(), "running_mean must be defined in evaluation mode");
    TORCH_CHECK(running_var.defined(), "running_var must be defined in evaluation mode");
  }
  check_channels("running_mean", running_mean, input);
  check_channels("running_var", running_var, input);
  check_channels("weight", options.weight(), input);
  check_channels("bias", options.bias(), input);
  check_residual(options.residual(), input);
  if (options.mask().defined()) check_mask("batch_norm", options.mask(), input);
  check_virtual_batch_size(options, input);
  check_renormalization(options, running_mean);
  TORCH_CHECK(std::isfinite(options.negative_slope()), "[batch_norm] expected a finite negative_slope, got ",
              options.negative_slope());
  TORCH_CHECK(options.eps() >= 0, "[batch_norm] expected eps of at least 0, got ", options.eps());
  check_momentum(options.momentum());
  warn_of_momentum(options, running_mean);
}

void check_rank(const Tensor& input, std::size_t spatial_dimensions) {
  TORCH_CHECK(input.defined(), "[batch_norm] expected an input, got an undefined tensor");
  const std::int64_t rank = input.dim();
  if (spatial_dimensions == 1) {
    TORCH_CHECK(rank == 2 || rank == 3, "expected 2D or 3D input (got ", rank, "D input)");
  } else {
    const auto expected = static_cast<std::int64_t>(spatial_dimensions) + 2;
    TORCH_CHECK(rank == expected, "expected ", expected, "D input (got ", rank, "D input)");
  }
}

}  // namespace evenkeel::libtorch
