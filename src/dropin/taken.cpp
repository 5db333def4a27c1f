// Which calls Evenkeel takes, and why not the others. What is taken gives the sizes, strides and dtypes that PyTorch's kernel would
// give; whatever is doubtful is PyTorch's, and so is every error.
#include <torch/torch.h>

#include <algorithm>

#include "dropin/calls.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel::dropin {
namespace {

bool is_taken_dtype(torch::Dtype dtype) {
  return dtype == torch::kFloat || dtype == torch::kDouble ||
         (libtorch::is_half(dtype) && torch_computes_halves());
}

bool is_plain(const Tensor& tensor) {
  return tensor.defined() && tensor.device().is_cpu() && tensor.layout() == torch::kStrided &&
         !tensor.is_neg();
}

// Contiguous or channels-last, and PyTorch's versions agree which. A result in the layout of the input then has
// the strides that PyTorch would give it, even those of dimensions of size 1.
bool has_plain_strides(const Tensor& input) {
  const auto format = input.suggest_memory_format();
  if (format != torch::MemoryFormat::Contiguous && input.is_contiguous()) return false;
  return input.strides() == c10::TensorType::contiguousStridesOf(input.sizes(), format);
}

Refusal refusal_of(const Tensor& input) {
  if (!input.defined() || !is_taken_dtype(input.scalar_type())) return Refusal::kDtype;
  if (!is_plain(input) || input.dim() < 2) return Refusal::kLayout;
  if (input.numel() == 0) return Refusal::kNoValues;
  return has_plain_strides(input) ? Refusal::kNone : Refusal::kLayout;
}

// Halves come with float32 parameters and statistics, as under autocast; all-half layers are PyTorch's, because
// their saved statistics would be halves too.
torch::Dtype parameter_dtype(const Tensor& input) {
  return libtorch::is_half(input.scalar_type()) ? torch::kFloat : input.scalar_type();
}

// Without a weight nothing tells PyTorch in which dtype to save the statistics of a half.
bool has_dtype_of_parameters(const Tensor& input, const Tensor& weight) {
  return !libtorch::is_half(input.scalar_type()) || weight.defined();
}

bool fits(const Tensor& values, const Tensor& input) {
  return is_plain(values) && values.scalar_type() == parameter_dtype(input) && values.dim() == 1 &&
         values.size(0) == input.size(1) && values.is_contiguous();
}

bool fits_or_absent(const Tensor& values, const Tensor& input) {
  return !values.defined() || fits(values, input);
}

// Like fits_or_absent, for what the call will not read; PyTorch leaves it empty or looks at its dtype alone.
bool is_harmless(const Tensor& unused, const Tensor& input) {
  return !unused.defined() || (is_plain(unused) && unused.scalar_type() == parameter_dtype(input));
}

// Neither negative nor NaN: a variance can be made of each of them.
bool are_inverse_deviations(const Tensor& invstd) {
  return AT_DISPATCH_FLOATING_TYPES(invstd.scalar_type(), "batch_norm_backward", [&] {
    const scalar_t* values = invstd.data_ptr<scalar_t>();
    return std::all_of(values, values + invstd.numel(), [](scalar_t value) { return value >= 0; });
  });
}

}  // namespace

Refusal ForwardCall::refusal() const {
  const Refusal of_input = refusal_of(input);
  if (of_input != Refusal::kNone) return of_input;
  // With eps = 0 PyTorch gives a constant channel an inverse deviation of 0 where the formula has infinity.
  if (!(eps > 0)) return Refusal::kEps;
  if (training && input.numel() / input.size(1) == 1) return Refusal::kOneValue;
  if (!has_dtype_of_parameters(input, weight) || !fits_or_absent(weight, input) ||
      !fits_or_absent(bias, input)) {
    return Refusal::kParameters;
  }
  const bool statistics_fit = training ? running_mean.defined() == running_var.defined() &&
                                             fits_or_absent(running_mean, input) &&
                                             fits_or_absent(running_var, input)
                                       : fits(running_mean, input) && fits(running_var, input);
  return statistics_fit ? Refusal::kNone : Refusal::kParameters;
}

Refusal ForwardCall::refusal_into(const Outputs& outputs) const {
  const Refusal without_outputs = refusal();
  if (without_outputs != Refusal::kNone) return without_outputs;
  const Tensor& output = outputs.output;
  if (!is_plain(output) || output.scalar_type() != input.scalar_type() || output.sizes() != input.sizes() ||
      output.strides() != input.strides()) {
    return Refusal::kOutputs;
  }
  if (training && !(fits(outputs.save_mean, input) && fits(outputs.save_invstd, input)))
    return Refusal::kOutputs;
  // Where arguments share memory the result depends on who writes first.
  const auto apart = [&](const Tensor& written) {
    const auto shares = [&](const Tensor& other) { return other.defined() && written.is_alias_of(other); };
    return !shares(input) && !shares(weight) && !shares(bias) && !shares(running_mean) &&
           !shares(running_var);
  };
  const bool all_apart =
      apart(output) && (!training || (apart(outputs.save_mean) && apart(outputs.save_invstd)));
  return all_apart ? Refusal::kNone : Refusal::kOutputs;
}

Refusal BackwardCall::refusal() const {
  const Refusal of_input = refusal_of(input);
  if (of_input != Refusal::kNone) return of_input;
  if (!(eps > 0)) return Refusal::kEps;
  if (!is_plain(grad_output) || grad_output.scalar_type() != input.scalar_type()) return Refusal::kDtype;
  if (grad_output.sizes() != input.sizes()) return Refusal::kLayout;
  // PyTorch's versions differ in the gradient of a weight that is not there.
  if (!has_dtype_of_parameters(input, weight) || !fits_or_absent(weight, input) ||
      (wanted[1] && !weight.defined())) {
    return Refusal::kParameters;
  }
  const bool statistics_fit =
      training ? fits(save_mean, input) && fits(save_invstd, input) && is_harmless(running_mean, input) &&
                     is_harmless(running_var, input) && are_inverse_deviations(save_invstd)
               : fits(running_mean, input) && fits(running_var, input) && is_harmless(save_mean, input) &&
                     is_harmless(save_invstd, input);
  return statistics_fit ? Refusal::kNone : Refusal::kParameters;
}

}  // namespace evenkeel::dropin
