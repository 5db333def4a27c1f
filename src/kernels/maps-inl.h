// The element-wise second pass: y from x, dx from x and dy. Compiled once for each instruction set.
#if defined(EVENKEEL_KERNELS_MAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_MAPS_INL_H_
#undef EVENKEEL_KERNELS_MAPS_INL_H_
#else
#define EVENKEEL_KERNELS_MAPS_INL_H_
#endif

#include <cstdint>

#include "kernels/lanes-inl.h"
#include "kernels/vector_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

// A line that is written without being read first costs a read anyway unless it was asked for in time.
constexpr std::int64_t kPrefetchBytes = 1024;

// A per-channel parameter as the loops see it: a vector per column, or one for the whole run.
template <Walk kWalk, typename T>
class Parameter {
 public:
  using D = hn::ScalableTag<T>;
  explicit HWY_INLINE Parameter(const T* values) : values_(values), all_(hn::Set(D(), *values)) {}
  HWY_INLINE hn::Vec<D> at(std::int64_t j) const {
    if constexpr (kWalk == Walk::kRuns) return all_;
    return hn::Load(D(), values_ + j);
  }

 private:
  const T* values_;
  hn::Vec<D> all_;
};

template <Walk kWalk, typename T>
struct Normalize {
  const T* x;
  T* out;
  Parameter<kWalk, T> mean, scale, offset;

  // At element `i` of the tensors, column `j`.
  template <bool kPartial>
  HWY_INLINE void apply(std::int64_t i, std::int64_t j, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    const auto u = hn::Sub(load<kPartial>(d, x + i, count), mean.at(j));
    store<kPartial>(hn::MulAdd(u, scale.at(j), offset.at(j)), d, out + i, count);
  }
};

template <Walk kWalk, typename T>
struct InputGradient {
  const T* x;
  const T* grad;
  T* out;
  Parameter<kWalk, T> mean, invstd, scale, slope, offset;

  // At element `i` of the tensors, column `j`.
  template <bool kPartial>
  HWY_INLINE void apply(std::int64_t i, std::int64_t j, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    // Normalised before it meets the slope: with inputs near 1e30 their product alone would underflow.
    const auto n = hn::Mul(hn::Sub(load<kPartial>(d, x + i, count), mean.at(j)), invstd.at(j));
    const auto g = hn::MulAdd(load<kPartial>(d, grad + i, count), scale.at(j), offset.at(j));
    store<kPartial>(hn::MulAdd(n, slope.at(j), g), d, out + i, count);
  }
};

template <Walk kWalk, typename T>
struct Scale {
  const T* grad;
  T* out;
  Parameter<kWalk, T> scale;

  // At element `i` of the tensors, column `j`.
  template <bool kPartial>
  HWY_INLINE void apply(std::int64_t i, std::int64_t j, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    store<kPartial>(hn::Mul(load<kPartial>(d, grad + i, count), scale.at(j)), d, out + i, count);
  }
};

// One row at a time: one stream to read and one to write is what memory likes best.
template <typename T, typename Op>
HWY_INLINE void map_tile(const Op& op, const Tile tile) {
  const std::int64_t lanes = lanes_of(hn::ScalableTag<T>());
  for (std::int64_t row = 0; row < tile.rows; ++row) {
    const std::int64_t at = row * tile.stride;
    std::int64_t j = 0;
    for (; j + lanes <= tile.width; j += lanes) {
      prefetch_for_write(reinterpret_cast<const char*>(op.out + at + j) + kPrefetchBytes);
      op.template apply<false>(at + j, j, lanes);
    }
    if (j < tile.width) op.template apply<true>(at + j, j, tile.width - j);
  }
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
