// The sums of a batch: of u and u * u with u = x - shift, or of g and g * (x - mean). Compiled once for each
// instruction set.
//
// float sums run over a short block only (kShortBlock additions to a lane, over a tree of four rows), then go
// to double. Their relative error is therefore about sqrt(kShortBlock) * 2^-24, whatever the size of the
// batch.
#if defined(EVENKEEL_KERNELS_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SUMS_INL_H_
#undef EVENKEEL_KERNELS_SUMS_INL_H_
#else
#define EVENKEEL_KERNELS_SUMS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/lanes-inl.h"
#include "kernels/vector_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kShortBlock = 32;
// Columns that are summed together, in bytes of a row: their two rows of short sums stay in the L1 cache.
constexpr std::int64_t kStripBytes = 8 * 1024;

// What is summed: g alone, and g * u with u = x - center. Without a gradient, g is u itself.
template <typename T, bool kGradient>
struct Pair {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;

  template <bool kPartial>
  HWY_INLINE void load_pair(std::int64_t at, std::int64_t count, V center, V& g, V& u) const {
    const D d;
    u = keep<kPartial>(d, hn::Sub(load<kPartial>(d, x + at, count), center), count);
    if constexpr (kGradient) {
      g = load<kPartial>(d, grad + at, count);
    } else {
      g = u;
    }
  }

  const T* x;
  const T* grad;
};

// One column vector of `kRows` rows added to the float sums of that column.
template <bool kPartial, int kRows, typename T, bool kGradient>
HWY_INLINE void add_column(const Pair<T, kGradient>& pair, std::int64_t at, std::int64_t stride,
                           const T* center, std::int64_t count, T* sum, T* dot) {
  const hn::ScalableTag<T> d;
  const auto c = hn::Load(d, center);
  hn::Vec<decltype(d)> g0, u0;
  pair.template load_pair<kPartial>(at, count, c, g0, u0);
  if constexpr (kRows == 1) {
    hn::Store(hn::Add(hn::Load(d, sum), g0), d, sum);
    hn::Store(hn::MulAdd(g0, u0, hn::Load(d, dot)), d, dot);
  } else {
    static_assert(kRows == 4);
    hn::Vec<decltype(d)> g1, u1, g2, u2, g3, u3;
    pair.template load_pair<kPartial>(at + stride, count, c, g1, u1);
    pair.template load_pair<kPartial>(at + 2 * stride, count, c, g2, u2);
    pair.template load_pair<kPartial>(at + 3 * stride, count, c, g3, u3);
    const auto g = hn::Add(hn::Add(g0, g1), hn::Add(g2, g3));
    const auto gu = hn::Add(hn::MulAdd(g0, u0, hn::Mul(g1, u1)), hn::MulAdd(g2, u2, hn::Mul(g3, u3)));
    hn::Store(hn::Add(hn::Load(d, sum), g), d, sum);
    hn::Store(hn::Add(hn::Load(d, dot), gu), d, dot);
  }
}

template <int kRows, typename T, bool kGradient>
HWY_INLINE void add_rows(const Pair<T, kGradient>& pair, std::int64_t at, std::int64_t stride,
                         std::int64_t width, const T* center, T* sum, T* dot) {
  const std::int64_t lanes = lanes_of(hn::ScalableTag<T>());
  std::int64_t j = 0;
  for (; j + lanes <= width; j += lanes) {
    add_column<false, kRows>(pair, at + j, stride, center + j, lanes, sum + j, dot + j);
  }
  if (j < width) add_column<true, kRows>(pair, at + j, stride, center + j, width - j, sum + j, dot + j);
}

// A strip of columns that is narrow enough for its sums to stay in the L1 cache.
template <typename T, bool kGradient>
void sum_strip(const Pair<T, kGradient>& pair, const Tile& tile, const T* center, double* sum, double* dot) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = lanes_of(d);
  HWY_ALIGN T short_sum[kStripBytes / sizeof(T)];
  HWY_ALIGN T short_dot[kStripBytes / sizeof(T)];
  const auto zero = hn::Zero(d);
  for (std::int64_t first = 0; first < tile.rows;) {
    for (std::int64_t j = 0; j < tile.width; j += lanes) {
      hn::Store(zero, d, short_sum + j);
      hn::Store(zero, d, short_dot + j);
    }
    const std::int64_t end = std::min(tile.rows, first + 4 * kShortBlock);
    for (; first + 4 <= end; first += 4) {
      add_rows<4>(pair, first * tile.stride, tile.stride, tile.width, center, short_sum, short_dot);
    }
    for (; first < end; ++first) {
      add_rows<1>(pair, first * tile.stride, tile.stride, tile.width, center, short_sum, short_dot);
    }
    for (std::int64_t j = 0; j < tile.width; j += lanes) {
      add_widened(d, hn::Load(d, short_sum + j), sum + j);
      add_widened(d, hn::Load(d, short_dot + j), dot + j);
    }
  }
}

template <typename T, bool kGradient>
HWY_INLINE void sum_columns(const Tile& tile, const T* x, const T* grad, const T* center, double* sum,
                            double* dot) {
  constexpr std::int64_t kStrip = kStripBytes / sizeof(T);
  for (std::int64_t j = 0; j < tile.width; j += kStrip) {
    const Tile strip{tile.rows, tile.stride, std::min(kStrip, tile.width - j)};
    sum_strip(Pair<T, kGradient>{x + j, kGradient ? grad + j : nullptr}, strip, center + j, sum + j, dot + j);
  }
}

// One vector of a stream, added to the float sums of that stream.
template <bool kPartial, typename T, bool kGradient, typename V>
HWY_INLINE void add_vector(const Pair<T, kGradient>& pair, std::int64_t at, std::int64_t count, V center,
                           V& sum, V& dot) {
  V g, u;
  pair.template load_pair<kPartial>(at, count, center, g, u);
  sum = hn::Add(sum, g);
  dot = hn::MulAdd(g, u, dot);
}

// Four streams of one channel's values, `stride` apart, into one vector of double sums.
template <typename T, bool kGradient>
HWY_INLINE void sum_four_streams(const Pair<T, kGradient>& pair, std::int64_t at, std::int64_t stride,
                                 std::int64_t length, T center, hn::Vec<D64>& sum, hn::Vec<D64>& dot) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::int64_t lanes = lanes_of(d);
  const V c = hn::Set(d, center);
  for (std::int64_t j = 0; j < length;) {
    V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    V dot0 = sum0, dot1 = sum0, dot2 = sum0, dot3 = sum0;
    const std::int64_t end = std::min(length, j + kShortBlock * lanes);
    for (; j + lanes <= end; j += lanes) {
      add_vector<false>(pair, at + j, lanes, c, sum0, dot0);
      add_vector<false>(pair, at + stride + j, lanes, c, sum1, dot1);
      add_vector<false>(pair, at + 2 * stride + j, lanes, c, sum2, dot2);
      add_vector<false>(pair, at + 3 * stride + j, lanes, c, sum3, dot3);
    }
    if (j < end) {
      add_vector<true>(pair, at + j, end - j, c, sum0, dot0);
      add_vector<true>(pair, at + stride + j, end - j, c, sum1, dot1);
      add_vector<true>(pair, at + 2 * stride + j, end - j, c, sum2, dot2);
      add_vector<true>(pair, at + 3 * stride + j, end - j, c, sum3, dot3);
      j = end;
    }
    sum = hn::Add(sum, widen(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
    dot = hn::Add(dot, widen(d, hn::Add(hn::Add(dot0, dot1), hn::Add(dot2, dot3))));
  }
}

// One stream, shorter than four vectors.
template <typename T, bool kGradient>
HWY_INLINE void sum_short_stream(const Pair<T, kGradient>& pair, std::int64_t at, std::int64_t length,
                                 T center, hn::Vec<D64>& sum, hn::Vec<D64>& dot) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = lanes_of(d);
  const auto c = hn::Set(d, center);
  hn::Vec<decltype(d)> g, u;
  for (std::int64_t j = 0; j < length; j += lanes) {
    pair.template load_pair<true>(at + j, std::min(lanes, length - j), c, g, u);
    sum = hn::Add(sum, widen(d, g));
    dot = hn::Add(dot, widen(d, hn::Mul(g, u)));
  }
}

template <typename T, bool kGradient>
HWY_INLINE void sum_runs(const Tile& tile, const T* x, const T* grad, const T* center, double* sum,
                         double* dot) {
  const D64 d64;
  const Pair<T, kGradient> pair{x, grad};
  auto wide_sum = hn::Zero(d64);
  auto wide_dot = hn::Zero(d64);
  std::int64_t row = 0;
  for (; row + 4 <= tile.rows; row += 4) {
    sum_four_streams(pair, row * tile.stride, tile.stride, tile.width, *center, wide_sum, wide_dot);
  }
  const std::int64_t lanes = lanes_of(hn::ScalableTag<T>());
  const std::int64_t quarter = tile.width / (4 * lanes) * lanes;  // a single row becomes four streams
  for (; row < tile.rows; ++row) {
    const std::int64_t at = row * tile.stride;
    sum_four_streams(pair, at, quarter, quarter, *center, wide_sum, wide_dot);
    sum_short_stream(pair, at + 4 * quarter, tile.width - 4 * quarter, *center, wide_sum, wide_dot);
  }
  *sum += hn::GetLane(hn::SumOfLanes(d64, wide_sum));
  *dot += hn::GetLane(hn::SumOfLanes(d64, wide_dot));
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
