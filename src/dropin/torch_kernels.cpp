#include "evenkeel/torch_kernels.h"

#include <torch/torch.h>

#include <array>
#include <atomic>

#include "dropin/operators.h"

namespace evenkeel {
namespace dropin {
namespace {

std::atomic<bool> replaced{false};
std::array<std::atomic<std::uint64_t>, kRefusalNames.size()> calls{};  // by refusal; those of kNone are taken

ThreeTensors native_batch_norm(const Tensor& input, const OptionalTensor& weight, const OptionalTensor& bias,
                               const OptionalTensor& running_mean, const OptionalTensor& running_var,
                               bool training, double momentum, double eps) {
  const ForwardCall call{input,    value(weight), value(bias), value(running_mean), value(running_var),
                         training, momentum,      eps};
  if (takes(call)) return as_tuple(call.run());
  return Earlier<native_batch_norm>::call(input, weight, bias, running_mean, running_var, training, momentum,
                                          eps);
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
  return Earlier<native_batch_norm_backward>::call(grad_output, input, weight, running_mean, running_var,
                                                   save_mean, save_invstd, training, eps, wanted);
}

// The statistics alone, which SyncBatchNorm asks for. PyTorch's own, behind its check.
TwoTensors batch_norm_update_stats(const Tensor& input, const OptionalTensor& running_mean,
                                   const OptionalTensor& running_var, double momentum) {
  if (is_replaced()) {
    const ForwardCall call{input,    {}, {}, value(running_mean), value(running_var), /*training=*/true,
                           momentum, 1};
    call.check_memory();
  }
  return Earlier<batch_norm_update_stats>::call(input, running_mean, running_var, momentum);
}

void register_operators() {
  // Never destroyed: at the end of the process threads may still compute, and the dispatcher may be gone.
  static auto* const library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU,
                                                  "evenkeel::replace_torch_kernels", 0);
  without_override_warning([] {
    replace_kernel<native_batch_norm>(*library, "aten::native_batch_norm");
    replace_kernel<native_batch_norm_backward>(*library, "aten::native_batch_norm_backward");
    replace_kernel<batch_norm_update_stats>(*library, "aten::batch_norm_update_stats");
    replace_newer_operators(*library);
  });
}

}  // namespace

bool is_replaced() { return replaced.load(std::memory_order_relaxed); }

bool takes(Refusal refusal) {
  if (!is_replaced()) return false;
  calls[static_cast<std::size_t>(refusal)].fetch_add(1, std::memory_order_relaxed);
  return refusal == Refusal::kNone;
}

}  // namespace dropin

void replace_torch_kernels() {
  static const bool once = (dropin::register_operators(), true);
  dropin::replaced = once;
}

void restore_torch_kernels() { dropin::replaced = false; }

TorchKernelCalls torch_kernel_calls() {
  TorchKernelCalls result;
  for (std::size_t i = 0; i < dropin::calls.size(); ++i) {
    const std::uint64_t count = dropin::calls[i].load(std::memory_order_relaxed);
    if (static_cast<dropin::Refusal>(i) == dropin::Refusal::kNone) {
      result.taken = count;
    } else if (count > 0) {
      result.passed_on += count;
      result.reasons.emplace(dropin::kRefusalNames[i], count);
    }
  }
  return result;
}

}  // namespace evenkeel
