// The element-wise second pass: y from x, dx from x and dy. Compiled once for each instruction set.
#if defined(EVENKEEL_KERNELS_MAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_MAPS_INL_H_
#undef EVENKEEL_KERNELS_MAPS_INL_H_
#else
#define EVENKEEL_KERNELS_MAPS_INL_H_
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

// A line that is written without being read first costs a read anyway unless it was asked for in time: so many
// elements before.
constexpr std::int64_t kWriteAhead = 256;

// A per-channel value as the loops see it: a vector per column, or one for the whole run.
template <Walk kWalk, typename R>
class Coefficient {
 public:
  using D = hn::ScalableTag<R>;
  explicit HWY_INLINE Coefficient(const R* values) : values_(values), all_(hn::Set(D(), *values)) {}
  HWY_INLINE hn::Vec<D> at(std::int64_t j) const {
    if constexpr (kWalk == Walk::kRuns) return all_;
    return hn::Load(D(), values_ + j);
  }

 private:
  const R* values_;
  hn::Vec<D> all_;
};

// How a vector is stored: its first lanes, all of them, or all of them past the caches.
enum class Store { kPart, kWhole, kStream };

template <Store kStore, typename D, typename T>
HWY_INLINE void put(hn::Vec<D> values, D d, T* to, std::int64_t count) {
  if constexpr (kStore == Store::kStream) {
    hn::Stream(values, d, to);
  } else {
    store<kStore == Store::kPart>(values, d, to, count);
  }
}

// Where a vector lies: at element `i` of the tensors, column `j` of row `row`.
struct Place {
  std::int64_t row, i, j, count;
};

enum class Activate { kNo, kYes, kYesAndKeepBits };

template <Walk kWalk, typename T, Activate kActivate, bool kResidual>
class Normalize {
 public:
  using R = Parameter<T>;
  Normalize(const Tile& tile, const Normalization<T>& operands)
      : bits_stride_(tile.bits_stride),
        x_(operands.x),
        residual_(operands.residual),
        y_(operands.y),
        positive_(operands.positive),
        slope_(operands.negative_slope),
        mean_(operands.mean),
        scale_(operands.scale),
        offset_(operands.offset) {}

  const T* output() const { return y_; }

  template <Store kStore>
  HWY_INLINE void apply(const Place& at) const {
    const hn::ScalableTag<R> d;
    const auto u = hn::Sub(load<kStore == Store::kPart>(d, x_ + at.i, at.count), mean_.at(at.j));
    auto y = hn::MulAdd(u, scale_.at(at.j), offset_.at(at.j));
    if constexpr (kResidual) y = hn::Add(y, load<kStore == Store::kPart>(d, residual_ + at.i, at.count));
    if constexpr (kActivate != Activate::kNo) {
      const auto mask = is_positive(d, y);
      if constexpr (kActivate == Activate::kYesAndKeepBits) {
        store_bits<kStore == Store::kPart>(d, mask, positive_ + at.row * bits_stride_, at.j, at.count);
      }
      y = slope_(mask, y);
    }
    put<kStore>(y, d, y_ + at.i, at.count);
  }

 private:
  std::int64_t bits_stride_;
  const T* x_;
  const T* residual_;
  T* y_;
  std::uint8_t* positive_;
  Slope<R> slope_;
  Coefficient<kWalk, R> mean_, scale_, offset_;
};

// The gradient of what an activation got, which is also the gradient of the residual.
template <typename T, bool kActivated, bool kResidual>
class GradientInput {
 public:
  using R = Parameter<T>;
  using D = hn::ScalableTag<R>;
  GradientInput(const Tile& tile, const Gradient<T>& gradient, T* residual)
      : bits_stride_(tile.bits_stride),
        values_(gradient.values),
        positive_(gradient.positive),
        slope_(gradient.negative_slope),
        residual_(residual) {}

  template <Store kStore>
  HWY_INLINE hn::Vec<D> get(const Place& at) const {
    const D d;
    auto g = load<kStore == Store::kPart>(d, values_ + at.i, at.count);
    if constexpr (kActivated) {
      g = slope_(load_bits<kStore == Store::kPart>(d, positive_ + at.row * bits_stride_, at.j, at.count), g);
    }
    if constexpr (kResidual) store<kStore == Store::kPart>(g, d, residual_ + at.i, at.count);
    return g;
  }

 private:
  std::int64_t bits_stride_;
  const T* values_;
  const std::uint8_t* positive_;
  Slope<R> slope_;
  T* residual_;
};

// Through the statistics. With weights, the values of a tensor have different shares in them, and one of weight 0 has none, whatever it is.
template <Walk kWalk, typename T, bool kActivated, bool kResidual, bool kWeighted>
class GradientThroughStatistics {
 public:
  using R = Parameter<T>;
  GradientThroughStatistics(const Tile& tile, const GradientMap<T>& operands)
      : x_(operands.x),
        out_(operands.grad_input),
        weights_(operands.gradient.weights),
        gradient_(tile, operands.gradient, operands.grad_residual),
        mean_(operands.mean),
        per_unit_(operands.per_unit),
        scale_(operands.scale),
        slope_(operands.slope),
        offset_(operands.offset) {}

  const T* output() const { return out_; }

  template <Store kStore>
  HWY_INLINE void apply(const Place& at) const {
    constexpr bool kPart = kStore == Store::kPart;
    const hn::ScalableTag<R> d;
    // In units before it meets the slope: with inputs near 1e30 their product alone would underflow.
    const auto n = hn::Mul(hn::Sub(load<kPart>(d, x_ + at.i, at.count), mean_.at(at.j)), per_unit_.at(at.j));
    const auto g = gradient_.template get<kStore>(at);
    if constexpr (kWeighted) {
      const auto w = load<kPart>(d, weights_.values + at.row * weights_.stride + at.j, at.count);
      const auto share = hn::Mul(w, hn::MulAdd(n, slope_.at(at.j), offset_.at(at.j)));
      const auto kept = hn::IfThenElseZero(hn::Ne(w, hn::Zero(d)), share);
      put<kStore>(hn::MulAdd(g, scale_.at(at.j), kept), d, out_ + at.i, at.count);
    } else {
      const auto direct = hn::MulAdd(g, scale_.at(at.j), offset_.at(at.j));
      put<kStore>(hn::MulAdd(n, slope_.at(at.j), direct), d, out_ + at.i, at.count);
    }
  }

 private:
  const T* x_;
  T* out_;
  TileWeights<R> weights_;
  GradientInput<T, kActivated, kResidual> gradient_;
  Coefficient<kWalk, R> mean_, per_unit_, scale_, slope_, offset_;
};

template <Walk kWalk, typename T, bool kActivated, bool kResidual>
using InputGradient = GradientThroughStatistics<kWalk, T, kActivated, kResidual, false>;
template <Walk kWalk, typename T, bool kActivated, bool kResidual>
using WeightedInputGradient = GradientThroughStatistics<kWalk, T, kActivated, kResidual, true>;

template <Walk kWalk, typename T, bool kActivated, bool kResidual>
class ScaledGradient {
 public:
  using R = Parameter<T>;
  ScaledGradient(const Tile& tile, const GradientMap<T>& operands)
      : out_(operands.grad_input),
        gradient_(tile, operands.gradient, operands.grad_residual),
        scale_(operands.scale) {}

  const T* output() const { return out_; }

  template <Store kStore>
  HWY_INLINE void apply(const Place& at) const {
    const hn::ScalableTag<R> d;
    put<kStore>(hn::Mul(gradient_.template get<kStore>(at), scale_.at(at.j)), d, out_ + at.i, at.count);
  }

 private:
  T* out_;
  GradientInput<T, kActivated, kResidual> gradient_;
  Coefficient<kWalk, R> scale_;
};

// One row at a time: one stream to read and one to write is what memory likes best.
template <Store kStore, typename Op>
HWY_INLINE void map_rows(const Tile& tile, const Op& op) {
  const std::int64_t lanes = lanes_of(hn::ScalableTag<typename Op::R>());
  const std::int64_t whole = tile.width / lanes * lanes;
  const std::int64_t near_end = std::max<std::int64_t>(0, whole - kWriteAhead);
  for (std::int64_t row = 0; row < tile.rows; ++row) {
    const std::int64_t start = row * tile.stride;
    for (std::int64_t j = 0; j < whole; j += lanes) {
      if constexpr (kStore == Store::kWhole) {  // what will be written soon: near the end, the next row
        const std::int64_t soon = j < near_end ? j + kWriteAhead : j + tile.stride - near_end;
        prefetch_for_write(op.output() + start + soon);
      }
      op.template apply<kStore>({row, start + j, j, lanes});
    }
    if (whole < tile.width) op.template apply<Store::kPart>({row, start + whole, whole, tile.width - whole});
  }
}

template <typename T, typename Op>
HWY_INLINE void map_tile(const Tile& tile, const Op& op) {
  constexpr std::size_t kLine = 64;
  if constexpr (!is_half<T>) {  // half a line at a time is nothing to stream
    const bool whole_lines = reinterpret_cast<std::uintptr_t>(op.output()) % kLine == 0 &&
                             static_cast<std::size_t>(tile.stride) * sizeof(T) % kLine == 0;
    if (tile.streamed && whole_lines) {
      map_rows<Store::kStream>(tile, op);
      hwy::FlushStream();
      return;
    }
  }
  map_rows<Store::kWhole>(tile, op);
}

template <Walk kWalk, typename T, Activate kActivate>
HWY_INLINE void normalize_tile(const Tile& tile, const Normalization<T>& operands) {
  if (operands.residual) {
    map_tile<T>(tile, Normalize<kWalk, T, kActivate, true>(tile, operands));
  } else {
    map_tile<T>(tile, Normalize<kWalk, T, kActivate, false>(tile, operands));
  }
}

// Map<kWalk, T, kActivated, kResidual> on a tile, as the operands have it.
template <template <Walk, typename, bool, bool> class Map, Walk kWalk, typename T>
HWY_INLINE void map_gradient(const Tile& tile, const GradientMap<T>& operands) {
  if (!operands.gradient.positive) {
    map_tile<T>(tile, Map<kWalk, T, false, false>(tile, operands));
  } else if (!operands.grad_residual) {
    map_tile<T>(tile, Map<kWalk, T, true, false>(tile, operands));
  } else {
    map_tile<T>(tile, Map<kWalk, T, true, true>(tile, operands));
  }
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
