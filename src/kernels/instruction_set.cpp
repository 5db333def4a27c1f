#include "evenkeel/kernels/instruction_set.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "hwy/highway.h"
#include "kernels/vector_kernels.h"

namespace evenkeel::kernels {
namespace {

template <typename... T>
using KernelsFor = std::tuple<const ElementKernels<T>*...>;

struct InstructionSet {
  std::string name;
  KernelsFor<float, double, float16, bfloat16> kernels;
};

std::string name_of(std::int64_t target) {
  switch (target) {
#if HWY_ARCH_X86
    case HWY_AVX3:
      return "avx512";
    case HWY_AVX2:
      return "avx2";
    case HWY_SSE4:
      return "sse4";
#endif
    case HWY_EMU128:
    case HWY_SCALAR:
      return "baseline";
    default:
      return hwy::TargetName(target);
  }
}

const std::vector<InstructionSet>& instruction_sets() {
  static const std::vector<InstructionSet> sets = [] {
    std::vector<InstructionSet> found;
    const std::int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
    for (std::int64_t rest = all; rest != 0; rest &= rest - 1) {  // better ones have lower bits
      const std::int64_t target = rest & -rest;
      found.push_back({name_of(target),
                       {&element_kernels_of<float>(target), &element_kernels_of<double>(target),
                        &element_kernels_of<float16>(target), &element_kernels_of<bfloat16>(target)}});
    }
    return found;
  }();
  return sets;
}

const InstructionSet& find(std::string_view name, const char* asked_by) {
  if (name == "best") return instruction_sets().front();
  std::string known = "best";
  for (const InstructionSet& set : instruction_sets()) {
    if (set.name == name) return set;
    known += ", " + set.name;
  }
  throw std::invalid_argument(std::string("[") + asked_by + "] expected one of " + known + ", got " +
                              std::string(name));
}

std::atomic<const InstructionSet*>& active() {
  static std::atomic<const InstructionSet*> set = [] {
    const char* name = std::getenv("EVENKEEL_INSTRUCTION_SET");
    return &find(name ? name : "best", "EVENKEEL_INSTRUCTION_SET");
  }();
  return set;
}

template <typename T>
const ElementKernels<T>& active_kernels() {
  return *std::get<const ElementKernels<T>*>(active().load(std::memory_order_relaxed)->kernels);
}

}  // namespace

std::vector<std::string> supported_instruction_sets() {
  std::vector<std::string> names;
  for (const InstructionSet& set : instruction_sets()) names.push_back(set.name);
  return names;
}

std::string instruction_set() { return active().load()->name; }

void use_instruction_set(std::string_view name) { active() = &find(name, "use_instruction_set"); }

template <typename T>
const VectorKernels<T>& vector_kernels(Walk walk) {
  return active_kernels<T>().tiles[static_cast<int>(walk)];
}

template <typename R>
const ChannelKernels<R>& channel_kernels() {
  return active_kernels<R>().channels;
}

template const VectorKernels<float>& vector_kernels(Walk);
template const VectorKernels<double>& vector_kernels(Walk);
template const VectorKernels<float16>& vector_kernels(Walk);
template const VectorKernels<bfloat16>& vector_kernels(Walk);
template const ChannelKernels<float>& channel_kernels();
template const ChannelKernels<double>& channel_kernels();

}  // namespace evenkeel::kernels
