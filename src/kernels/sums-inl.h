// The sums of a batch: of u and u * u with u = x - center, or of g and g * u. Compiled once for each instruction
// set.
//
// float sums run over a short block only (kShortBlock additions to a lane, over a tree of four rows), then go
// to double. Their relative error is therefore at most about (kShortBlock + 3) * 2^-24 = 7e-7, whatever the size of
// the batch and even if every rounding goes the same way, as it does with many equal values.
#if defined(EVENKEEL_KERNELS_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SUMS_INL_H_
#undef EVENKEEL_KERNELS_SUMS_INL_H_
#else
#define EVENKEEL_KERNELS_SUMS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/cache_control.h"
#include "kernels/activations-inl.h"
#include "kernels/lanes-inl.h"
#include "kernels/vector_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kShortBlock = 8;
// Columns that are summed together, in bytes of a row: their two rows of short sums stay in the L1 cache.
constexpr std::int64_t kStripBytes = 8 * 1024;

// What is summed: g and g * u.
enum class Summand {
  kDeviations,          // g = u
  kWeightedDeviations,  // g = w * u
  kGradient,            // g = the gradient
  kActivatedGradient,   // g = the gradient behind an activation
  kWeightedGradient,    // either, and u = 0 where a weight and g are 0
};

constexpr bool is_weighted(Summand summand) {
  return summand == Summand::kWeightedDeviations || summand == Summand::kWeightedGradient;
}
constexpr bool is_gradient(Summand summand) {
  return summand != Summand::kDeviations && summand != Summand::kWeightedDeviations;
}

// What is subtracted from x; from x * per_unit, where that is given. In the walk over columns, arrays with a value for each.
template <typename R>
struct Centers {
  const R* center;
  const R* per_unit;

  Centers from_column(std::int64_t columns) const {
    return {center + columns, per_unit ? per_unit + columns : nullptr};
  }
};

// Gives g and u at column `j` of row `row`.
template <typename T, Summand kSummand>
struct Source {
  using R = Parameter<T>;
  using D = hn::ScalableTag<R>;
  using V = hn::Vec<D>;

  struct Center {
    V center, per_unit;
  };
  static HWY_INLINE Center load_center(const Centers<R>& centers) {
    const D d;
    return {hn::Load(d, centers.center), is_gradient(kSummand) ? hn::Load(d, centers.per_unit) : hn::Zero(d)};
  }
  static HWY_INLINE Center same_center(const Centers<R>& centers) {
    const D d;
    return {hn::Set(d, *centers.center), is_gradient(kSummand) ? hn::Set(d, *centers.per_unit) : hn::Zero(d)};
  }

  template <bool kPartial>
  HWY_INLINE void load_pair(std::int64_t row, std::int64_t j, std::int64_t count, const Center& at_center,
                            V& g, V& u) const {
    const D d;
    const std::int64_t at = row * stride + j;
    const V values = load<kPartial>(d, x + at, count);
    if constexpr (is_gradient(kSummand)) {
      // A power of two: the same as the difference in units, also where there is no fused instruction.
      u = keep<kPartial>(d, hn::MulSub(values, at_center.per_unit, at_center.center), count);
    } else {
      u = keep<kPartial>(d, hn::Sub(values, at_center.center), count);
    }
    if constexpr (is_gradient(kSummand)) {
      g = load<kPartial>(d, grad + at, count);
      if (kSummand == Summand::kActivatedGradient || (kSummand == Summand::kWeightedGradient && positive)) {
        g = slope(load_bits<kPartial>(d, positive + row * bits_stride, j, count), g);
      }
    } else {
      g = u;
    }
    if constexpr (is_weighted(kSummand)) {
      const V w = load<kPartial>(d, weights.values + row * weights.stride + j, count);
      const auto counts = hn::Ne(w, hn::Zero(d));
      if constexpr (is_gradient(kSummand)) {
        u = hn::IfThenElseZero(hn::Or(counts, hn::Ne(g, hn::Zero(d))), u);
      } else {
        u = hn::IfThenElseZero(counts, u);
        g = hn::Mul(w, u);
      }
    }
  }

  // Asks for four rows of a column.
  HWY_INLINE void prefetch(std::int64_t row, std::int64_t j) const {
    for (std::int64_t k = 0; k < 4; ++k) {
      const std::int64_t at = (row + k) * stride + j;
      hwy::Prefetch(x + at);
      if constexpr (is_gradient(kSummand)) hwy::Prefetch(grad + at);
    }
  }

  // The same, `columns` further to the right.
  Source from_column(std::int64_t columns) const {
    Source source = *this;
    source.x += columns;
    if (grad) source.grad += columns;
    if (positive) source.positive += columns / 8;
    if (weights.values) source.weights.values += columns;
    return source;
  }

  const T* x;
  const T* grad;
  const std::uint8_t* positive;
  std::int64_t stride;
  std::int64_t bits_stride;
  std::int64_t rows_ahead;
  Slope<R> slope;
  TileWeights<R> weights;
};

// One column vector of `kRows` rows added to the float sums of that column.
template <bool kPartial, int kRows, typename S, typename R>
HWY_INLINE void add_column(const S& source, std::int64_t row, std::int64_t j, const Centers<R>& centers,
                           std::int64_t count, R* sum, R* dot) {
  const hn::ScalableTag<R> d;
  const auto c = S::load_center(centers);
  hn::Vec<decltype(d)> g0, u0;
  source.template load_pair<kPartial>(row, j, count, c, g0, u0);
  if constexpr (kRows == 1) {
    hn::Store(hn::Add(hn::Load(d, sum), g0), d, sum);
    hn::Store(hn::MulAdd(g0, u0, hn::Load(d, dot)), d, dot);
  } else {
    static_assert(kRows == 4);
    if (source.rows_ahead > 0) source.prefetch(row + source.rows_ahead, j);
    hn::Vec<decltype(d)> g1, u1, g2, u2, g3, u3;
    source.template load_pair<kPartial>(row + 1, j, count, c, g1, u1);
    source.template load_pair<kPartial>(row + 2, j, count, c, g2, u2);
    source.template load_pair<kPartial>(row + 3, j, count, c, g3, u3);
    const auto g = hn::Add(hn::Add(g0, g1), hn::Add(g2, g3));
    const auto gu = hn::Add(hn::MulAdd(g0, u0, hn::Mul(g1, u1)), hn::MulAdd(g2, u2, hn::Mul(g3, u3)));
    hn::Store(hn::Add(hn::Load(d, sum), g), d, sum);
    hn::Store(hn::Add(hn::Load(d, dot), gu), d, dot);
  }
}

template <int kRows, typename S, typename R>
HWY_INLINE void add_rows(const S& source, std::int64_t row, std::int64_t width, const Centers<R>& centers,
                         R* sum, R* dot) {
  const std::int64_t lanes = lanes_of(hn::ScalableTag<R>());
  std::int64_t j = 0;
  for (; j + lanes <= width; j += lanes) {
    add_column<false, kRows>(source, row, j, centers.from_column(j), lanes, sum + j, dot + j);
  }
  if (j < width) add_column<true, kRows>(source, row, j, centers.from_column(j), width - j, sum + j, dot + j);
}

// A strip of columns that is narrow enough for its sums to stay in the L1 cache.
template <typename S, typename R>
void sum_strip(const S& source, std::int64_t rows, std::int64_t width, const Centers<R>& centers, double* sum,
               double* dot) {
  const hn::ScalableTag<R> d;
  const std::int64_t lanes = lanes_of(d);
  HWY_ALIGN R short_sum[kStripBytes / sizeof(R)];
  HWY_ALIGN R short_dot[kStripBytes / sizeof(R)];
  const auto zero = hn::Zero(d);
  for (std::int64_t row = 0; row < rows;) {
    for (std::int64_t j = 0; j < width; j += lanes) {
      hn::Store(zero, d, short_sum + j);
      hn::Store(zero, d, short_dot + j);
    }
    const std::int64_t end = std::min(rows, row + 4 * kShortBlock);
    for (; row + 4 <= end; row += 4) add_rows<4>(source, row, width, centers, short_sum, short_dot);
    for (; row < end; ++row) add_rows<1>(source, row, width, centers, short_sum, short_dot);
    for (std::int64_t j = 0; j < width; j += lanes) {
      add_widened(d, hn::Load(d, short_sum + j), sum + j);
      add_widened(d, hn::Load(d, short_dot + j), dot + j);
    }
  }
}

template <typename S, typename R>
HWY_INLINE void sum_columns(const S& source, const Tile& tile, const Centers<R>& centers, double* sum,
                            double* dot) {
  constexpr std::int64_t kStrip = kStripBytes / sizeof(R);
  for (std::int64_t j = 0; j < tile.width; j += kStrip) {
    sum_strip(source.from_column(j), tile.rows, std::min(kStrip, tile.width - j), centers.from_column(j),
              sum + j, dot + j);
  }
}

// One vector of a stream, added to the float sums of that stream.
template <bool kPartial, typename S, typename V>
HWY_INLINE void add_vector(const S& source, std::int64_t row, std::int64_t j, std::int64_t count,
                           const typename S::Center& center, V& sum, V& dot) {
  V g, u;
  source.template load_pair<kPartial>(row, j, count, center, g, u);
  sum = hn::Add(sum, g);
  dot = hn::MulAdd(g, u, dot);
}

// Four streams of one channel's values into one vector of double sums: four rows, or four parts of one row.
template <typename S, typename R>
HWY_INLINE void sum_four_streams(const S& source, std::int64_t row, std::int64_t next_row,
                                 std::int64_t next_column, std::int64_t length, const Centers<R>& centers,
                                 hn::Vec<D64>& sum, hn::Vec<D64>& dot) {
  const hn::ScalableTag<R> d;
  using V = hn::Vec<decltype(d)>;
  const std::int64_t lanes = lanes_of(d);
  const auto c = S::same_center(centers);
  for (std::int64_t j = 0; j < length;) {
    V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    V dot0 = sum0, dot1 = sum0, dot2 = sum0, dot3 = sum0;
    const std::int64_t row1 = row + next_row, row2 = row1 + next_row, row3 = row2 + next_row;
    const std::int64_t end = std::min(length, j + kShortBlock * lanes);
    for (; j + lanes <= end; j += lanes) {
      add_vector<false>(source, row, j, lanes, c, sum0, dot0);
      add_vector<false>(source, row1, j + next_column, lanes, c, sum1, dot1);
      add_vector<false>(source, row2, j + 2 * next_column, lanes, c, sum2, dot2);
      add_vector<false>(source, row3, j + 3 * next_column, lanes, c, sum3, dot3);
    }
    if (j < end) {
      add_vector<true>(source, row, j, end - j, c, sum0, dot0);
      add_vector<true>(source, row1, j + next_column, end - j, c, sum1, dot1);
      add_vector<true>(source, row2, j + 2 * next_column, end - j, c, sum2, dot2);
      add_vector<true>(source, row3, j + 3 * next_column, end - j, c, sum3, dot3);
      j = end;
    }
    sum = hn::Add(sum, widen(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
    dot = hn::Add(dot, widen(d, hn::Add(hn::Add(dot0, dot1), hn::Add(dot2, dot3))));
  }
}

// The end of a row, shorter than four vectors.
template <typename S, typename R>
HWY_INLINE void sum_short_stream(const S& source, std::int64_t row, std::int64_t first, std::int64_t end,
                                 const Centers<R>& centers, hn::Vec<D64>& sum, hn::Vec<D64>& dot) {
  const hn::ScalableTag<R> d;
  const std::int64_t lanes = lanes_of(d);
  const auto c = S::same_center(centers);
  hn::Vec<decltype(d)> g, u;
  for (std::int64_t j = first; j < end; j += lanes) {
    source.template load_pair<true>(row, j, std::min(lanes, end - j), c, g, u);
    sum = hn::Add(sum, widen(d, g));
    dot = hn::Add(dot, widen(d, hn::Mul(g, u)));
  }
}

template <typename S, typename R>
HWY_INLINE void sum_runs(const S& source, const Tile& tile, const Centers<R>& centers, double* sum,
                         double* dot) {
  const D64 d64;
  auto wide_sum = hn::Zero(d64);
  auto wide_dot = hn::Zero(d64);
  std::int64_t row = 0;
  for (; row + 4 <= tile.rows; row += 4) {
    sum_four_streams(source, row, 1, 0, tile.width, centers, wide_sum, wide_dot);
  }
  // A single row becomes four streams. They start at whole bytes of bits.
  const std::int64_t step = std::max<std::int64_t>(lanes_of(hn::ScalableTag<R>()), 8);
  const std::int64_t quarter = tile.width / (4 * step) * step;
  for (; row < tile.rows; ++row) {
    sum_four_streams(source, row, 0, quarter, quarter, centers, wide_sum, wide_dot);
    sum_short_stream(source, row, 4 * quarter, tile.width, centers, wide_sum, wide_dot);
  }
  *sum += hn::GetLane(hn::SumOfLanes(d64, wide_sum));
  *dot += hn::GetLane(hn::SumOfLanes(d64, wide_dot));
}

template <Walk kWalk, Summand kSummand, typename T>
HWY_INLINE void sum_tile(const Tile& tile, const T* x, const Gradient<T>& gradient,
                         const Centers<Parameter<T>>& centers, double* sum, double* dot) {
  const Source<T, kSummand> source{x,
                                   gradient.values,
                                   gradient.positive,
                                   tile.stride,
                                   tile.bits_stride,
                                   tile.rows_ahead,
                                   Slope<Parameter<T>>(gradient.negative_slope),
                                   gradient.weights};
  if constexpr (kWalk == Walk::kRuns) {
    sum_runs(source, tile, centers, sum, dot);
  } else {
    sum_columns(source, tile, centers, sum, dot);
  }
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
