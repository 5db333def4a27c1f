#include "bench/memory_loops.h"

// This file is compiled once for each instruction set: highway includes it again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/memory_loops.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h

#include <cstring>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::bench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

enum class Store { kPlain, kPrefetched, kStreamed };

constexpr std::int64_t kAhead = 256;  // values: 1 KiB, what served our kernels best

// Unaligned ends are copied value by value, so that a streamed store finds its vector aligned.
template <Store kStore, bool kTwo>
void loop(const float* a, const float* b, float* to, std::int64_t begin, std::int64_t end) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto one = [&](std::int64_t i) { to[i] = kTwo ? a[i] + b[i] : a[i]; };
  std::int64_t i = begin;
  if constexpr (kStore == Store::kStreamed) {
    const auto bytes = static_cast<std::uintptr_t>(lanes) * sizeof(float);
    while (i < end && reinterpret_cast<std::uintptr_t>(to + i) % bytes != 0) one(i++);
  }
  const std::int64_t in_line = lanes > 16 ? lanes : 16;  // at least the 64 bytes of a line
  for (; i + in_line <= end; i += in_line) {
#if HWY_ARCH_X86 || HWY_ARCH_ARM
    if constexpr (kStore == Store::kPrefetched) __builtin_prefetch(to + i + kAhead, /*write=*/1);
#endif
    for (std::int64_t k = i; k < i + in_line; k += lanes) {
      auto value = hn::LoadU(d, a + k);
      if constexpr (kTwo) value = hn::Add(value, hn::LoadU(d, b + k));
      if constexpr (kStore == Store::kStreamed) {
        hn::Stream(value, d, to + k);
      } else {
        hn::StoreU(value, d, to + k);
      }
    }
  }
  while (i < end) one(i++);
  if constexpr (kStore == Store::kStreamed) hwy::FlushStream();
}

void copy_by_library(const float* a, const float*, float* to, std::int64_t begin, std::int64_t end) {
  std::memcpy(to + begin, a + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
}

constexpr MemoryLoops kLoops = {
    {"memcpy", false, copy_by_library},
    {"loop", false, loop<Store::kPlain, false>},
    {"prefetched", false, loop<Store::kPrefetched, false>},
    {"streamed", false, loop<Store::kStreamed, false>},
    {"loop", true, loop<Store::kPlain, true>},
    {"prefetched", true, loop<Store::kPrefetched, true>},
    {"streamed", true, loop<Store::kStreamed, true>},
};

}  // namespace

const MemoryLoops& all_memory_loops() { return kLoops; }

}  // namespace evenkeel::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::bench {

HWY_EXPORT(all_memory_loops);

const MemoryLoops& memory_loops() { return HWY_DYNAMIC_DISPATCH(all_memory_loops)(); }

}  // namespace evenkeel::bench
#endif
