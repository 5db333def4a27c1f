#include "evenkeel/kernels/instruction_set.h"

#include <atomic>
#include <cstdlib>
#include <memory>
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

// Everything here is made without a lock and never destroyed: another thread may be in a kernel when the process ends, and in the
// middle of its first call when it forks. Who comes second throws away what he made.
template <typename Value, typename Make>
const Value& made_once(std::atomic<const Value*>& slot, Make make) {
  const Value* known = slot.load(std::memory_order_acquire);
  if (known) return *known;
  auto mine = std::make_unique<const Value>(make());
  if (!slot.compare_exchange_strong(known, mine.get(), std::memory_order_acq_rel)) return *known;
  return *mine.release();
}

using InstructionSets = std::vector<InstructionSet>;

const InstructionSets& instruction_sets() {
  static constinit std::atomic<const InstructionSets*> sets = nullptr;
  return made_once(sets, [] {
    InstructionSets found;
    const std::int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
    for (std::int64_t rest = all; rest != 0; rest &= rest - 1) {  // better ones have lower bits
      const std::int64_t target = rest & -rest;
      found.push_back({name_of(target),
                       {&element_kernels_of<float>(target), &element_kernels_of<double>(target),
                        &element_kernels_of<float16>(target), &element_kernels_of<bfloat16>(target)}});
    }
    return found;
  });
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

constinit std::atomic<const InstructionSet*> chosen = nullptr;

const InstructionSet& active() {
  const InstructionSet* set = chosen.load(std::memory_order_acquire);
  if (set) return *set;
  const char* name = std::getenv("EVENKEEL_INSTRUCTION_SET");
  const InstructionSet& found = find(name ? name : "best", "EVENKEEL_INSTRUCTION_SET");
  // Unless use_instruction_set() was faster.
  return chosen.compare_exchange_strong(set, &found, std::memory_order_acq_rel) ? found : *set;
}

template <typename T>
const ElementKernels<T>& active_kernels() {
  return *std::get<const ElementKernels<T>*>(active().kernels);
}

}  // namespace

std::vector<std::string> supported_instruction_sets() {
  std::vector<std::string> names;
  for (const InstructionSet& set : instruction_sets()) names.push_back(set.name);
  return names;
}

std::string instruction_set() { return active().name; }

void use_instruction_set(std::string_view name) { chosen.store(&find(name, "use_instruction_set")); }

void settle_instruction_set() { active(); }

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
