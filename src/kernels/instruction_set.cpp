#include "evenkeel/kernels/instruction_set.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/vector_kernels.h"

namespace evenkeel::kernels {
namespace {

struct InstructionSet {
  std::string name;
  const AllVectorKernels* kernels;
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
    for (const std::int64_t target : vector_targets())
      found.push_back({name_of(target), &vector_kernels_of(target)});
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
  const AllVectorKernels& all = *active().load(std::memory_order_relaxed)->kernels;
  const auto index = static_cast<int>(walk);
  if constexpr (std::is_same_v<T, float>) return all.float_kernels[index];
  if constexpr (std::is_same_v<T, double>) return all.double_kernels[index];
  if constexpr (std::is_same_v<T, float16>) return all.float16_kernels[index];
  if constexpr (std::is_same_v<T, bfloat16>) return all.bfloat16_kernels[index];
}

template <>
const ChannelKernels<float>& channel_kernels<float>() {
  return active().load(std::memory_order_relaxed)->kernels->float_channels;
}

template <>
const ChannelKernels<double>& channel_kernels<double>() {
  return active().load(std::memory_order_relaxed)->kernels->double_channels;
}

template const VectorKernels<float>& vector_kernels<float>(Walk);
template const VectorKernels<double>& vector_kernels<double>(Walk);
template const VectorKernels<float16>& vector_kernels<float16>(Walk);
template const VectorKernels<bfloat16>& vector_kernels<bfloat16>(Walk);

}  // namespace evenkeel::kernels
