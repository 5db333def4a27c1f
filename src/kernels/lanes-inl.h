// Loads and stores of whole and partial vectors of any element type, the step from float to double, and vectors
// of bits. Compiled once for each instruction set.
#if defined(EVENKEEL_KERNELS_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_LANES_INL_H_
#undef EVENKEEL_KERNELS_LANES_INL_H_
#else
#define EVENKEEL_KERNELS_LANES_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "evenkeel/kernels/element.h"
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

// Halves are floats while they are in a vector.
template <typename D>
using HalfBits = hn::Rebind<std::uint16_t, D>;

template <bool kPartial, typename D>
HWY_INLINE hn::Vec<D> load(D d, const bfloat16* from, std::int64_t count) {
  const hn::RebindToUnsigned<D> d32;
  const auto bits = hn::PromoteTo(d32, load<kPartial>(HalfBits<D>(), &from->bits, count));
  return hn::BitCast(d, hn::ShiftLeft<16>(bits));
}

template <bool kPartial, typename D>
HWY_INLINE void store(hn::Vec<D> values, D, bfloat16* to, std::int64_t count) {
  const hn::RebindToUnsigned<D> d32;
  const auto bits = hn::BitCast(d32, values);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::Add(bits, hn::Add(hn::Set(d32, 0x7fff), odd));  // to the nearest, ties to even
  const auto nan = hn::RebindMask(d32, hn::IsNaN(values));
  const auto upper = hn::ShiftRight<16>(hn::IfThenElse(nan, hn::Set(d32, 0x7fc00000), rounded));
  const auto halves = hn::DemoteTo(HalfBits<D>(), hn::BitCast(hn::RebindToSigned<D>(), upper));
  store<kPartial>(halves, HalfBits<D>(), &to->bits, count);
}

#if HWY_TARGET == HWY_SCALAR || (HWY_ARCH_X86 && HWY_TARGET >= HWY_SSE4)
// No instruction converts a float16, and Highway's emulation does not know Inf and NaN.
template <bool kPartial, typename D>
HWY_INLINE hn::Vec<D> load(D d, const float16* from, std::int64_t count) {
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  const std::int64_t wanted = kPartial ? count : lanes_of(d);
  for (std::int64_t k = 0; k < wanted; ++k) lanes[k] = static_cast<float>(from[k]);
  return hn::Load(d, lanes);
}

template <bool kPartial, typename D>
HWY_INLINE void store(hn::Vec<D> values, D d, float16* to, std::int64_t count) {
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(values, d, lanes);
  const std::int64_t wanted = kPartial ? count : lanes_of(d);
  for (std::int64_t k = 0; k < wanted; ++k) to[k] = float16(lanes[k]);
}
#else
template <bool kPartial, typename D>
HWY_INLINE hn::Vec<D> load(D d, const float16* from, std::int64_t count) {
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::BitCast(d16, load<kPartial>(HalfBits<D>(), &from->bits, count)));
}

template <bool kPartial, typename D>
HWY_INLINE void store(hn::Vec<D> values, D d, float16* to, std::int64_t count) {
  const hn::Rebind<hwy::float16_t, D> d16;
  store<kPartial>(hn::BitCast(HalfBits<D>(), hn::DemoteTo(d16, values)), HalfBits<D>(), &to->bits, count);
}
#endif

// Zeroes the lanes beyond `count`.
template <bool kPartial, typename D>
HWY_INLINE hn::Vec<D> keep(D d, hn::Vec<D> values, std::int64_t count) {
  if constexpr (!kPartial) return values;
  return hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(count)), values);
}

// The mask of the columns from `j` on, a multiple of the lanes, out of a row of bits.
template <bool kPartial, typename D>
HWY_INLINE hn::Mask<D> load_bits(D d, const std::uint8_t* row, std::int64_t j, std::int64_t count) {
  std::uint8_t bytes[8] = {};  // what Highway may read
  const std::int64_t lanes = kPartial ? count : lanes_of(d);
  std::memcpy(bytes, row + j / 8, static_cast<std::size_t>(lanes + 7) / 8);
  if (lanes_of(d) < 8) bytes[0] = static_cast<std::uint8_t>(bytes[0] >> (j % 8));
  return hn::LoadMaskBits(d, bytes);
}

// The reverse; the columns of a row have to come in order. Lanes beyond `count` must be off.
template <bool kPartial, typename D>
HWY_INLINE void store_bits(D d, hn::Mask<D> mask, std::uint8_t* row, std::int64_t j, std::int64_t count) {
  std::uint8_t bytes[8];
  hn::StoreMaskBits(d, mask, bytes);
  if (lanes_of(d) < 8) {  // less than a byte: added to those before it
    const std::uint8_t before = j % 8 == 0 ? std::uint8_t{0} : row[j / 8];
    row[j / 8] = static_cast<std::uint8_t>(before | bytes[0] << (j % 8));
    return;
  }
  const std::int64_t lanes = kPartial ? count : lanes_of(d);
  std::memcpy(row + j / 8, bytes, static_cast<std::size_t>(lanes + 7) / 8);
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
