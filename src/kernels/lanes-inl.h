// Loads and stores of whole and partial vectors, and the step from T to double. Compiled once for each
// instruction set.
#if defined(EVENKEEL_KERNELS_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_LANES_INL_H_
#undef EVENKEEL_KERNELS_LANES_INL_H_
#else
#define EVENKEEL_KERNELS_LANES_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename D>
HWY_INLINE std::int64_t lanes_of(D d) {
  return static_cast<std::int64_t>(hn::Lanes(d));
}

// The first `count` lanes; with kPartial = false, all of them and `count` is not looked at. Lanes beyond are
// zero.
template <bool kPartial, typename D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load(D d, const T* from, std::int64_t count) {
  if constexpr (!kPartial) return hn::LoadU(d, from);
#if HWY_MEM_OPS_MIGHT_FAULT  // masked loads may touch the memory of masked lanes
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)] = {};
  std::memcpy(lanes, from, static_cast<std::size_t>(count) * sizeof(T));
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, from);
#endif
}

template <bool kPartial, typename D, typename T = hn::TFromD<D>>
HWY_INLINE void store(hn::Vec<D> values, D d, T* to, std::int64_t count) {
  if constexpr (!kPartial) {
    hn::StoreU(values, d, to);
    return;
  }
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(values, d, lanes);
  std::memcpy(to, lanes, static_cast<std::size_t>(count) * sizeof(T));
#else
  hn::BlendedStore(values, hn::FirstN(d, static_cast<std::size_t>(count)), d, to);
#endif
}

// Zeroes the lanes beyond `count`.
template <bool kPartial, typename D>
HWY_INLINE hn::Vec<D> keep(D d, hn::Vec<D> values, std::int64_t count) {
  if constexpr (!kPartial) return values;
  return hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(count)), values);
}

using D64 = hn::ScalableTag<double>;

// The lanes of a vector, widened and added up to one vector of doubles.
HWY_INLINE hn::Vec<D64> widen(hn::ScalableTag<double>, hn::Vec<D64> values) { return values; }
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE hn::Vec<D64> widen(hn::ScalableTag<float>, hn::Vec<hn::ScalableTag<float>> values) {
  return hn::PromoteTo(D64(), values);
}
#else
HWY_INLINE hn::Vec<D64> widen(hn::ScalableTag<float> d, hn::Vec<hn::ScalableTag<float>> values) {
  const hn::Half<decltype(d)> half;
  const D64 d64;
  return hn::Add(hn::PromoteTo(d64, hn::LowerHalf(half, values)),
                 hn::PromoteTo(d64, hn::UpperHalf(half, values)));
}
#endif

// to[k] += values[k], lane by lane.
HWY_INLINE void add_widened(hn::ScalableTag<double> d, hn::Vec<D64> values, double* to) {
  hn::Store(hn::Add(hn::Load(d, to), values), d, to);
}
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void add_widened(hn::ScalableTag<float>, hn::Vec<hn::ScalableTag<float>> values, double* to) {
  add_widened(D64(), hn::PromoteTo(D64(), values), to);
}
#else
HWY_INLINE void add_widened(hn::ScalableTag<float> d, hn::Vec<hn::ScalableTag<float>> values, double* to) {
  const hn::Half<decltype(d)> half;
  const D64 d64;
  double* upper = to + hn::Lanes(d64);
  add_widened(d64, hn::PromoteTo(d64, hn::LowerHalf(half, values)), to);
  add_widened(d64, hn::PromoteTo(d64, hn::UpperHalf(half, values)), upper);
}
#endif

HWY_INLINE void prefetch_for_write(const void* address) {
#if HWY_ARCH_X86
  asm volatile("prefetchw %0"
               :
               : "m"(*static_cast<const char*>(address)));  // the builtin needs a flag to mean this
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
