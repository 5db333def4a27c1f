// Which channels of a tile hold another value than one that is given. Compiled once for each instruction set.
#if defined(EVENKEEL_KERNELS_DIFFERENCES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_DIFFERENCES_INL_H_
#undef EVENKEEL_KERNELS_DIFFERENCES_INL_H_
#else
#define EVENKEEL_KERNELS_DIFFERENCES_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/lanes-inl.h"
#include "kernels/vector_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

// Adds all bits to the lanes of `found` whose value differs from `same` and counts.
template <bool kPartial, typename T, typename D>
HWY_INLINE hn::Vec<D> add_differences(D d, hn::Vec<D> found, const T* x, const hn::TFromD<D>* weights,
                                      std::int64_t count, hn::Vec<D> same) {
  auto differs = hn::VecFromMask(d, hn::Ne(load<kPartial>(d, x, count), same));
  if (weights) {
    differs = hn::IfThenElseZero(hn::Ne(load<kPartial>(d, weights, count), hn::Zero(d)), differs);
  }
  return hn::Or(found, keep<kPartial>(d, differs, count));
}

// All bits are a NaN, which is equal to nothing; whether it counts as unequal depends on the instruction set.
template <typename D>
HWY_INLINE hn::Mask<D> is_found(D d, hn::Vec<D> found) {
  return hn::Not(hn::Eq(found, hn::Zero(d)));
}

template <Walk kWalk, typename T>
HWY_INLINE void find_differences(const Tile& tile, const T* x, const TileWeights<Parameter<T>>& weights,
                                 const Parameter<T>* same, Parameter<T>* differs) {
  const hn::ScalableTag<Parameter<T>> d;
  const std::int64_t lanes = lanes_of(d);
  const auto row_of = [](const auto* values, std::int64_t row, std::int64_t stride, std::int64_t j) {
    return values ? values + row * stride + j : nullptr;
  };
  const auto add = [&](hn::Vec<decltype(d)> found, std::int64_t row, std::int64_t j,
                       hn::Vec<decltype(d)> value) {
    const T* from = x + row * tile.stride + j;
    const auto* w = row_of(weights.values, row, weights.stride, j);
    const std::int64_t count = std::min(lanes, tile.width - j);
    return count == lanes ? add_differences<false>(d, found, from, w, count, value)
                          : add_differences<true>(d, found, from, w, count, value);
  };
  if constexpr (kWalk == Walk::kRuns) {
    const auto value = hn::Set(d, *same);
    for (std::int64_t row = 0; row < tile.rows && *differs == 0; ++row) {
      auto found = hn::Zero(d);
      for (std::int64_t j = 0; j < tile.width; j += lanes) found = add(found, row, j, value);
      if (!hn::AllFalse(d, is_found(d, found))) *differs = 1;
    }
  } else {
    for (std::int64_t j = 0; j < tile.width; j += lanes) {
      auto found = hn::Load(d, differs + j);
      if (hn::AllTrue(d, is_found(d, found))) continue;
      const auto value = hn::Load(d, same + j);
      for (std::int64_t row = 0; row < tile.rows; ++row) found = add(found, row, j, value);
      hn::Store(found, d, differs + j);
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
