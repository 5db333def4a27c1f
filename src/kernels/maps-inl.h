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

  template <bool kPartial, int kRows>
  HWY_INLINE void apply(std::int64_t at, std::int64_t j, std::int64_t stride, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    const auto m = mean.at(j), a = scale.at(j), b = offset.at(j);
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t i = at + r * stride + j;
      const auto u = hn::Sub(load<kPartial>(d, x + i, count), m);
      store<kPartial>(hn::MulAdd(u, a, b), d, out + i, count);
    }
  }
};

template <Walk kWalk, typename T>
struct InputGradient {
  const T* x;
  const T* grad;
  T* out;
  Parameter<kWalk, T> mean, invstd, scale, slope, offset;

  template <bool kPartial, int kRows>
  HWY_INLINE void apply(std::int64_t at, std::int64_t j, std::int64_t stride, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    const auto m = mean.at(j), s = invstd.at(j), a = scale.at(j), p = slope.at(j), q = offset.at(j);
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t i = at + r * stride + j;
      // Normalised before it meets the slope: with inputs near 1e30 their product alone would underflow.
      const auto n = hn::Mul(hn::Sub(load<kPartial>(d, x + i, count), m), s);
      const auto g = load<kPartial>(d, grad + i, count);
      store<kPartial>(hn::MulAdd(n, p, hn::MulAdd(g, a, q)), d, out + i, count);
    }
  }
};

template <Walk kWalk, typename T>
struct Scale {
  const T* grad;
  T* out;
  Parameter<kWalk, T> scale;

  template <bool kPartial, int kRows>
  HWY_INLINE void apply(std::int64_t at, std::int64_t j, std::int64_t stride, std::int64_t count) const {
    const hn::ScalableTag<T> d;
    const auto a = scale.at(j);
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t i = at + r * stride + j;
      store<kPartial>(hn::Mul(load<kPartial>(d, grad + i, count), a), d, out + i, count);
    }
  }
};

template <int kRows, typename Op>
HWY_INLINE void map_rows(const Op& op, std::int64_t at, const Tile& tile, std::int64_t lanes) {
  std::int64_t j = 0;
  for (; j + lanes <= tile.width; j += lanes) {
    for (int r = 0; r < kRows; ++r) {
      prefetch_for_write(reinterpret_cast<const char*>(op.out + at + r * tile.stride + j) + kPrefetchBytes);
    }
    op.template apply<false, kRows>(at, j, tile.stride, lanes);
  }
  if (j < tile.width) op.template apply<true, kRows>(at, j, tile.stride, tile.width - j);
}

template <typename T, typename Op>
HWY_INLINE void map_tile(const Op& op, const Tile& tile) {
  const std::int64_t lanes = lanes_of(hn::ScalableTag<T>());
  std::int64_t row = 0;
  for (; row + 4 <= tile.rows; row += 4) map_rows<4>(op, row * tile.stride, tile, lanes);
  for (; row < tile.rows; ++row) map_rows<1>(op, row * tile.stride, tile, lanes);
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
