#include <torch/library.h>

#include "dropin/operators.h"

namespace evenkeel::dropin {
namespace {

// The dispatcher shows nobody the kernel that it holds. An explicit instantiation may name a private member, and this one makes
// a function of the member's name.
template <auto kMember>
struct Access {
  friend auto& definition_of(const c10::OperatorHandle& op) { return *(op.*kMember); }
};
auto& definition_of(const c10::OperatorHandle& op);
template struct Access<&c10::OperatorHandle::operatorDef_>;

}  // namespace

c10::KernelFunction cpu_kernel_of(const c10::OperatorHandle& op) {
  return definition_of(op).op.kernelForDispatchKey(c10::DispatchKey::CPU);
}

}  // namespace evenkeel::dropin
