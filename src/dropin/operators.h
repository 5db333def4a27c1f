// Evenkeel's kernels for PyTorch's operators, and how they come into PyTorch's dispatcher.
#pragma once

#include <torch/library.h>

#include <functional>
#include <tuple>

#include "dropin/calls.h"

namespace evenkeel::dropin {

using OptionalTensor = c10::optional<Tensor>;
using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

inline Tensor value(const OptionalTensor& tensor) { return tensor.has_value() ? *tensor : Tensor(); }

inline ThreeTensors as_tuple(const Outputs& outputs) {
  return {outputs.output, outputs.save_mean, outputs.save_invstd};
}

// Whether Evenkeel computes a call that it could take: not while PyTorch's kernels are restored. Counts the call.
bool takes(bool could_take);

inline bool takes(const ForwardCall& call) { return takes(call.is_taken()); }
inline bool takes(const ForwardCall& call, const Outputs& into) { return takes(call.is_taken_into(into)); }
inline bool takes(const BackwardCall& call) { return takes(call.is_taken()); }

// Whether the running LibTorch has the operator, with a kernel of its own for the CPU.
bool has_cpu_kernel(const char* operator_name);

template <typename Kernel>
void replace_kernel(torch::Library& aten_on_cpu, const char* operator_name, Kernel kernel) {
  if (has_cpu_kernel(operator_name)) aten_on_cpu.impl(operator_name, kernel);
}

// The operators that came with LibTorch 2.
void replace_newer_operators(torch::Library& aten_on_cpu);

// Calls `work` without PyTorch's warning that a kernel is overridden; other warnings go where they went.
void without_override_warning(const std::function<void()>& work);

constexpr const char* kOverrideWarning = "Overriding a previously registered kernel";

}  // namespace evenkeel::dropin
