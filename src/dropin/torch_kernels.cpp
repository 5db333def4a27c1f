#include "evenkeel/torch_kernels.h"

#include <ATen/ops/native_batch_norm_backward_native.h>
#include <ATen/ops/native_batch_norm_native.h>
#include <torch/torch.h>

#include <atomic>

#include "dropin/operators.h"

namespace evenkeel {
namespace dropin {
namespace {

std::atomic<bool> is_replaced{false};
std::atomic<std::uint64_t> calls_taken{0};
std::atomic<std::uint64_t> calls_passed_on{0};

ThreeTensors native_batch_norm(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                               const OptionalTensor& running_mean, const OptionalTensor& running_var,
                               bool training, double momentum, double eps) {
  const ForwardCall call{input,    value(weight), value(bias), value(running_mean), value(running_var),
                         training, momentum,      eps};
  if (takes(call)) return as_tuple(call.run());
  return at::native::batch_norm_cpu(input, weight, bias, running_mean, running_var, training, momentum, eps);
}

ThreeTensors native_batch_norm_backward(const Tensor& grad_output, const Tensor& input,
                                        const OptionalTensor& weight, const OptionalTensor& running_mean,
                                        const OptionalTensor& running_var, const OptionalTensor& save_mean,
                                        const OptionalTensor& save_invstd, bool training, double eps,
                                        std::array<bool, 3> wanted) {
  const BackwardCall call{grad_output,
                          input,
                          value(weight),
                          value(running_mean),
                          value(running_var),
                          value(save_mean),
                          value(save_invstd),
                          training,
                          eps,
                          wanted};
  if (takes(call)) return call.run();
  return at::native::batch_norm_backward_cpu(grad_output, input, weight, running_mean, running_var, save_mean,
                                             save_invstd, training, eps, wanted);
}

void register_operators() {
  // Never destroyed: at the end of the process threads may still compute, and the dispatcher may be gone.
  static auto* const library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU,
                                                  "evenkeel::replace_torch_kernels", 0);
  without_override_warning([] {
    replace_kernel(*library, "aten::native_batch_norm", TORCH_FN(native_batch_norm));
    replace_kernel(*library, "aten::native_batch_norm_backward", TORCH_FN(native_batch_norm_backward));
    replace_newer_operators(*library);
  });
}

}  // namespace

bool takes(bool could_take) {
  if (!is_replaced.load(std::memory_order_relaxed)) return false;
  (could_take ? calls_taken : calls_passed_on).fetch_add(1, std::memory_order_relaxed);
  return could_take;
}

bool has_cpu_kernel(const char* operator_name) {
  const auto schema = c10::Dispatcher::singleton().findSchema(torch::jit::parseName(operator_name));
  return schema.has_value() && schema->hasKernelForDispatchKey(c10::DispatchKey::CPU);
}

}  // namespace dropin

void replace_torch_kernels() {
  static const bool once = (dropin::register_operators(), true);
  dropin::is_replaced = once;
}

void restore_torch_kernels() { dropin::is_replaced = false; }

TorchKernelCalls torch_kernel_calls() { return {dropin::calls_taken.load(), dropin::calls_passed_on.load()}; }

}  // namespace evenkeel
