// libevenkeel_dropin.so: replaces PyTorch's kernels when it is loaded, and says so to Python.
#include <torch/library.h>

#include <tuple>

#include "evenkeel/torch_kernels.h"

namespace {

[[maybe_unused]] const bool kReplaced = (evenkeel::replace_torch_kernels(), true);

std::tuple<std::int64_t, std::int64_t> torch_kernel_calls() {
  const evenkeel::TorchKernelCalls calls = evenkeel::torch_kernel_calls();
  return {static_cast<std::int64_t>(calls.taken), static_cast<std::int64_t>(calls.passed_on)};
}

c10::Dict<std::string, std::int64_t> torch_kernel_reasons() {
  c10::Dict<std::string, std::int64_t> result;
  for (const auto& [reason, count] : evenkeel::torch_kernel_calls().reasons) {
    result.insert(reason, static_cast<std::int64_t>(count));
  }
  return result;
}

}  // namespace

// torch.ops.evenkeel.restore_torch_kernels() and so on.
TORCH_LIBRARY_FRAGMENT(evenkeel, library) {
  library.def("replace_torch_kernels() -> ()", evenkeel::replace_torch_kernels);
  library.def("restore_torch_kernels() -> ()", evenkeel::restore_torch_kernels);
  library.def("torch_kernel_calls() -> (int taken, int passed_on)", torch_kernel_calls);
  library.def("torch_kernel_reasons() -> Dict(str, int)", torch_kernel_reasons);
}
