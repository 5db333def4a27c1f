#include "kernels/gradient_sums.h"

#include <cmath>

namespace evenkeel::kernels {
namespace {

bool all_finite(const double* values, std::int64_t count) {
  double zero = 0.0;  // times anything finite
  for (std::int64_t i = 0; i < count; ++i) zero += values[i] * 0.0;
  return zero == 0.0;
}

}  // namespace

template <typename T>
GradientSums<T>::GradientSums(const Plan& plan, std::int64_t slab, const T* input,
                              const Gradient<T>& gradient, const R* weights, const double* mean,
                              Workspace& workspace)
    : plan_(plan),
      slab_(slab),
      channels_(plan.channels_of(slab)),
      input_(input),
      gradient_(gradient),
      weights_(weights),
      mean_(mean),
      mean_high_(workspace.take<R>(channels_)),
      grad_(workspace.take<double>(channels_)),
      grad_deviation_(workspace.take<double>(channels_)) {
  for (std::int64_t c = 0; c < channels_; ++c) mean_high_[c] = static_cast<R>(mean_[c]);
  mean_columns_ = spread(plan, slab, mean_high_, workspace);
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
                                      mean_columns_ + placed.parameter, sum, dot);
              });
            });
}

template <typename T>
void GradientSums<T>::finish_sums(const double* sums) {
  const double* dots = sums + channels_;
  for (std::int64_t c = 0; c < channels_; ++c) {
    const double mean_low = mean_[c] - static_cast<double>(mean_high_[c]);
    grad_[c] = sums[c];
    grad_deviation_[c] = dots[c] - mean_low * sums[c];
  }
  if (all_finite(grad_, channels_) && all_finite(grad_deviation_, channels_)) return;
  for (std::int64_t c = 0; c < channels_; ++c) {  // sums too large for R, or not numbers at all
    if (!std::isfinite(grad_[c]) || !std::isfinite(grad_deviation_[c])) sum_exactly(c);
  }
}

template <typename T>
void GradientSums<T>::sum_exactly(std::int64_t c) {
  const bool runs = plan_.walk == Walk::kRuns;
  const std::int64_t inner = plan_.geometry.inner;
  const auto position_of = [&](std::int64_t at) {
    return at / (plan_.geometry.channels * inner) * inner + at % inner;
  };
  grad_[c] = grad_deviation_[c] = 0.0;
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
    grad_deviation_[c] += g * (static_cast<double>(input_[at]) - mean_[c]);
  };
  for (std::int64_t block = 0; block < plan_.blocks; ++block) {
    for_each_tile(plan_, slab_, block, [&](const PlacedTile& placed) {
      if (runs && placed.parameter != c) return;
      // The channel's columns: all of a run, or `inner` out of every `channels * inner`.
      const std::int64_t length = runs ? placed.tile.width : inner;
      const std::int64_t step = runs ? placed.tile.width : channels_ * inner;
      for (std::int64_t row = 0; row < placed.tile.rows; ++row) {
        for (std::int64_t first = runs ? 0 : c * inner; first < placed.tile.width; first += step) {
          for (std::int64_t j = first; j < first + length; ++j) add(placed, row, j);
        }
      }
    });
  }
}

template class GradientSums<float>;
template class GradientSums<double>;
template class GradientSums<float16>;
template class GradientSums<bfloat16>;

}  // namespace evenkeel::kernels
