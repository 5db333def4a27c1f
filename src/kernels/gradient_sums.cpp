#include "kernels/gradient_sums.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/channel_kernels.h"

namespace evenkeel::kernels {
namespace {

// Per value: products below it lose digits, or vanish.
template <typename R>
constexpr double kSmallestProduct = static_cast<double>(std::numeric_limits<R>::min()) * 8;
// Per value: with gradients of this size no product that matters is small.
template <typename R>
constexpr double kSmallGradient = static_cast<double>(std::numeric_limits<R>::min()) * 1e8;

}  // namespace

template <typename T>
GradientSums<T>::GradientSums(const Plan& plan, std::int64_t slab, const T* input,
                              const Gradient<T>& gradient, const R* weights, const Statistics& statistics,
                              Workspace& workspace)
    : plan_(plan),
      slab_(slab),
      channels_(plan.channels_of(slab)),
      input_(input),
      gradient_(gradient),
      weights_(weights),
      mean_(statistics.mean),
      unit_(workspace.take<double>(channels_)),
      per_unit_(workspace.take<R>(channels_)),
      mean_in_units_(workspace.take<R>(channels_)),
      grad_(workspace.take<double>(channels_)),
      grad_deviation_(workspace.take<double>(channels_)) {
  channel_kernels<R>().units({channels_, statistics.count, statistics.eps, statistics.m2, unit_, per_unit_});
  for (std::int64_t c = 0; c < channels_; ++c) mean_in_units_[c] = static_cast<R>(mean_[c]) * per_unit_[c];
  per_unit_columns_ = spread(plan, slab, per_unit_, workspace);
  mean_columns_ = spread(plan, slab, mean_in_units_, workspace);
}

template <typename T>
void GradientSums<T>::add_sums(std::int64_t block, double* sums, Workspace scratch) const {
  const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
  sum_block(plan_, slab_, block, sums, scratch,
            [&](const PlacedTile& whole, double* sum, double* dot, Workspace rest) {
              with_weights(whole, plan_, slab_, weights_, rest, [&](const PlacedTile& placed, auto weights) {
                Gradient<T> gradient = gradient_;
                gradient.weights = weights;
                gradient.values += placed.offset;
                if (gradient.positive) gradient.positive += placed.bits;
                kernels.gradient_sums(placed.tile, input_ + placed.offset, gradient,
                                      mean_columns_ + placed.parameter, per_unit_columns_ + placed.parameter,
                                      sum, dot);
              });
            });
}

template <typename T>
void GradientSums<T>::finish_sums(const double* sums) {
  const double* dots = sums + channels_;
  for (std::int64_t c = 0; c < channels_; ++c) {
    // What rounding the mean took from it.
    const double mean_low = mean_[c] / unit_[c] - static_cast<double>(mean_in_units_[c]);
    grad_[c] = sums[c];
    grad_deviation_[c] = dots[c] - mean_low * sums[c];
  }
  bool doubts = false;
  for (std::int64_t c = 0; c < channels_; ++c) doubts |= is_in_doubt(c);
  for (std::int64_t c = 0; doubts && c < channels_; ++c) {
    if (is_in_doubt(c)) sum_exactly(c);
  }
}

// Whether sums are too large for R, or not numbers at all, or of products that may have vanished. Sums of exactly 0 are those of
// zeros: a channel that gets no gradient.
template <typename T>
bool GradientSums<T>::is_in_doubt(std::int64_t c) const {
  const double largest = std::numeric_limits<double>::max();
  const double sum = std::abs(grad_[c]), dot = std::abs(grad_deviation_[c]);
  const bool finite = (sum <= largest) & (dot <= largest);
  if constexpr (std::is_same_v<R, double>) return !finite;
  const auto count = static_cast<double>(plan_.geometry.count());
  const bool small = (dot < count * kSmallestProduct<R>)&(sum < count * kSmallGradient<R>)&(sum + dot > 0.0);
  return !finite | small;
}

template <typename T>
void GradientSums<T>::sum_exactly(std::int64_t c) {
  const bool runs = plan_.walk == Walk::kRuns;
  const std::int64_t inner = plan_.geometry.inner;
  const auto position_of = [&](std::int64_t at) {
    return at / (plan_.geometry.channels * inner) * inner + at % inner;
  };
  // What is good has the same bits, whatever the other one is; and what is not a number stays that.
  const double known = grad_[c];
  const bool grad_is_known = std::isfinite(known);
  grad_[c] = grad_deviation_[c] = 0.0;
  const auto is_settled = [&] {
    return std::isnan(grad_deviation_[c]) && (grad_is_known || std::isnan(grad_[c]));
  };
  const auto add = [&](const PlacedTile& placed, std::int64_t row, std::int64_t j) {
    const std::int64_t at = placed.offset + row * placed.tile.stride + j;
    const bool positive =
        !gradient_.positive ||
        gradient_.positive[placed.bits + row * placed.tile.bits_stride + j / 8] >> (j % 8) & 1;
    const auto slope = positive ? 1.0 : static_cast<double>(gradient_.negative_slope);
    // A slope of 0 gives 0, even for an infinite gradient.
    const double g = slope == 0.0 ? 0.0 : slope * static_cast<double>(gradient_.values[at]);
    grad_[c] += g;
    if (weights_ && g == 0.0 && weights_[position_of(at)] == R{0}) return;
    grad_deviation_[c] += g * ((static_cast<double>(input_[at]) - mean_[c]) / unit_[c]);
  };
  for (std::int64_t block = 0; block < plan_.blocks && !is_settled(); ++block) {
    for_each_tile(plan_, slab_, block, [&](const PlacedTile& placed) {
      if (runs && placed.parameter != c) return;
      // The channel's columns: all of a run, or `inner` out of every `channels * inner`.
      const std::int64_t length = runs ? placed.tile.width : inner;
      const std::int64_t step = runs ? placed.tile.width : channels_ * inner;
      for (std::int64_t row = 0; row < placed.tile.rows && !is_settled(); ++row) {
        for (std::int64_t first = runs ? 0 : c * inner; first < placed.tile.width; first += step) {
          for (std::int64_t j = first; j < first + length && !is_settled(); ++j) add(placed, row, j);
        }
      }
    });
  }
  if (grad_is_known) grad_[c] = known;
}

template class GradientSums<float>;
template class GradientSums<double>;
template class GradientSums<float16>;
template class GradientSums<bfloat16>;

}  // namespace evenkeel::kernels
