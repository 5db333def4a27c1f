// Evenkeel's kernels for PyTorch's operators, and how they come into PyTorch's dispatcher.
#pragma once

#include <torch/library.h>

#include <functional>
#include <tuple>
#include <utility>

#include "dropin/calls.h"

namespace evenkeel::dropin {

using OptionalTensor = c10::optional<Tensor>;
using TwoTensors = std::tuple<Tensor, Tensor>;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

inline Tensor value(const OptionalTensor& tensor) { return tensor.has_value() ? *tensor : Tensor(); }

inline ThreeTensors as_tuple(const Outputs& outputs) {
  return {outputs.output, outputs.save_mean, outputs.save_invstd};
}

bool is_replaced();

// Whether Evenkeel computes a call that it takes or, for `refusal`, does not: not while PyTorch's kernels are restored. Counts
// the call.
bool takes(Refusal refusal);

// For a call that is passed on, throws where PyTorch would read or write memory that is not there.
template <typename Call>
bool takes(const Call& call) {
  const Refusal refusal = call.refusal();
  if (takes(refusal)) return true;
  if (is_replaced()) call.check_memory();
  return false;
}

inline bool takes(const ForwardCall& call, const Outputs& into) {
  if (takes(call.refusal_into(into))) return true;
  if (is_replaced()) call.check_memory();
  return false;
}

// The kernel that an operator has on the CPU now; it lives on in the copy.
c10::KernelFunction cpu_kernel_of(const c10::OperatorHandle& op);

// What computed an operator before the kernel kReplacement took its place: whoever's that was.
template <auto kReplacement>
class Earlier;

template <typename Return, typename... Args, Return (*kReplacement)(Args...)>
class Earlier<kReplacement> {
 public:
  static void remember(const c10::OperatorHandle& op) { known_ = new Known{op, cpu_kernel_of(op)}; }

  static Return call(Args... args) {
    return known_->kernel.template call<Return, Args...>(
        known_->op, c10::DispatchKeySet(c10::DispatchKey::CPU), std::forward<Args>(args)...);
  }

 private:
  struct Known {
    c10::OperatorHandle op;
    c10::KernelFunction kernel;
  };
  static inline const Known* known_ =
      nullptr;  // never destroyed: threads may compute at the end of the process
};

// Does nothing where the running LibTorch does not have the operator, with a kernel of its own for the CPU.
template <auto kReplacement>
void replace_kernel(torch::Library& aten_on_cpu, const char* operator_name) {
  const auto op = c10::Dispatcher::singleton().findSchema(torch::jit::parseName(operator_name));
  if (!op.has_value() || !op->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return;
  Earlier<kReplacement>::remember(*op);
  aten_on_cpu.impl(operator_name, TORCH_FN(kReplacement));
}

// The operators that came with LibTorch 2.
void replace_newer_operators(torch::Library& aten_on_cpu);

// Calls `work` without PyTorch's warning that a kernel is overridden; other warnings go where they went.
void without_override_warning(const std::function<void()>& work);

constexpr const char* kOverrideWarning = "Overriding a previously registered kernel";

}  // namespace evenkeel::dropin
