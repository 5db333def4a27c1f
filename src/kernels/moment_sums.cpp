#include "kernels/moment_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/channel_kernels.h"
#include "kernels/reference.h"

namespace evenkeel::kernels {
namespace {

// Squares of deviations below this vanish in R or lose digits.
template <typename R>
constexpr double kSmallestVariance = static_cast<double>(std::numeric_limits<R>::min()) * 1e8;

// A value next to s differs from it by at least s * 2^-(digits + 1): from here on the square of that is a normal number.
template <typename R>
double telling_shift(R smallest_weight) {
  constexpr double kSmallestSquare = std::numeric_limits<R>::min();
  return std::sqrt(kSmallestSquare / static_cast<double>(smallest_weight)) *
         std::ldexp(1.0, std::numeric_limits<R>::digits + 1);
}

// What a sum of squares is made of that all vanished: nothing that shows beside any other.
constexpr double kDiffers = std::numeric_limits<double>::denorm_min();

}  // namespace

template <typename T>
MomentSums<T>::MomentSums(const Plan& plan, std::int64_t slab, const T* input,
                          const CountedPositions<R>& positions, double* mean, double* m2,
                          Workspace& workspace)
    : plan_(plan),
      slab_(slab),
      channels_(plan.channels_of(slab)),
      input_(input),
      positions_(positions),
      mean_(mean + plan.first_channel(slab)),
      m2_(m2 + plan.first_channel(slab)),
      workspace_(workspace),
      shift_(workspace.take<R>(channels_)),
      pending_(workspace.take<bool>(channels_)),
      telling_shift_(telling_shift<R>(positions.smallest())) {
  estimate_shifts();
  shift_columns_ = spread(plan_, slab_, shift_, workspace_);
}

// The mean of a few values spread over those that count. Equal values give exactly that value. A shift is a number: where it is, a
// sum of squares is not a number only if a value is not.
template <typename T>
void MomentSums<T>::estimate_shifts() {
  const Geometry& g = plan_.geometry;
  std::fill_n(mean_, channels_, 0.0);
  for (const std::int64_t position : positions_.samples()) {
    const std::int64_t outer = position / g.inner;
    const T* first =
        input_ + (outer * g.channels + plan_.first_channel(slab_)) * g.inner + position % g.inner;
    for (std::int64_t c = 0; c < channels_; ++c) mean_[c] += static_cast<double>(first[c * g.inner]);
  }
  for (std::int64_t c = 0; c < channels_; ++c) {
    const double shift = mean_[c] / static_cast<double>(positions_.samples().size());
    shift_[c] = static_cast<R>(std::abs(shift) <= std::numeric_limits<double>::max() ? shift : 0.0);
  }
}

template <typename T>
void MomentSums<T>::add_sums(std::int64_t block, double* sums, Workspace scratch) const {
  const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
  sum_block(plan_, slab_, block, sums, scratch,
            [&](const PlacedTile& whole, double* sum, double* dot, Workspace rest) {
              with_weights(whole, plan_, slab_, positions_.weights(), rest,
                           [&](const PlacedTile& placed, auto weights) {
                             kernels.moment_sums(placed.tile, input_ + placed.offset, weights,
                                                 shift_columns_ + placed.parameter, sum, dot);
                           });
            });
  mark_differences(block, sums, scratch);
}

// Sums that are exactly 0 are those of a constant channel, or of differences whose squares vanish, which happens next to 0 alone.
// There the block, which is in the cache, is looked at again.
template <typename T>
void MomentSums<T>::mark_differences(std::int64_t block, double* sums, Workspace scratch) const {
  double* dots = sums + channels_;
  bool all_zero = false;
  for (std::int64_t c = 0; c < channels_; ++c) all_zero |= (sums[c] == 0.0) & (dots[c] == 0.0);
  if (!all_zero) return;
  const bool runs = plan_.walk == Walk::kRuns;
  const std::int64_t columns = runs ? 1 : plan_.geometry.inner;  // of a channel, in each of the folded rows
  const auto in_doubt = [&](std::int64_t c) {
    return sums[c] == 0.0 && dots[c] == 0.0 && std::abs(static_cast<double>(shift_[c])) < telling_shift_;
  };
  R* differs = scratch.take<R>(channels_ * columns * plan_.fold);
  const auto for_each_column = [&](auto body) {
    R* of_column = differs;
    for (std::int64_t f = 0; f < plan_.fold; ++f) {
      for (std::int64_t c = 0; c < channels_; ++c, of_column += columns) body(c, of_column);
    }
  };
  for_each_column([&](std::int64_t c, R* of) { std::fill_n(of, columns, in_doubt(c) ? R{0} : R{1}); });
  const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
  for_each_tile(plan_, slab_, block, [&](const PlacedTile& whole) {
    if (runs && differs[whole.parameter] != R{0}) return;
    with_weights(whole, plan_, slab_, positions_.weights(), scratch,
                 [&](const PlacedTile& placed, const TileWeights<R>& weights) {
                   kernels.differences(placed.tile, input_ + placed.offset, weights,
                                       shift_columns_ + placed.parameter, differs + placed.parameter);
                 });
  });
  for_each_column([&](std::int64_t c, const R* of) {
    if (in_doubt(c) && std::any_of(of, of + columns, [](R found) { return found != R{0}; })) {
      dots[c] = kDiffers;
    }
  });
}

// Weights below 1 make the products smaller, but not the number of values that may vanish.
template <typename T>
double MomentSums<T>::smallest_m2() const {
  return kSmallestVariance<R> * static_cast<double>(plan_.geometry.count());
}

template <typename T>
bool MomentSums<T>::finish_sums(const double* sums) {
  const double* dots = sums + channels_;
  if (!shifted_by_mean_) {
    channel_kernels<R>().moments(
        {channels_, positions_.total(), smallest_m2(), shift_, sums, dots, mean_, m2_, pending_});
  }
  bool again = false;
  for (std::int64_t c = 0; c < channels_; ++c) {
    if (pending_[c] && redo(c, sums[c], dots[c])) again = true;
  }
  if (again) shift_columns_ = spread(plan_, slab_, shift_, workspace_);
  shifted_by_mean_ = true;
  return again;
}

// A channel whose first sums were not good: a constant one, one with a bad shift, or one that R cannot hold.
// True asks for its sums once more.
template <typename T>
bool MomentSums<T>::redo(std::int64_t c, double sum, double dot) {
  const std::int64_t channel = plan_.first_channel(slab_) + c;
  const double count = positions_.total();
  const double offset = sum / count;
  const double m2 = std::max(0.0, dot - sum * offset);
  const bool finite = std::isfinite(dot) && std::isfinite(sum);
  const bool constant = sum == 0.0 && dot == 0.0;  // see mark_differences
  const bool vanished = !constant && m2 < smallest_m2();
  if (std::isnan(dot)) {  // which a sum that is too large for R is not: nothing in it is negative
    mean_[c] = m2_[c] = dot;
  } else if (constant ||
             (shifted_by_mean_ && finite && !vanished && offset * offset * count <= kWorstShift * m2)) {
    mean_[c] = static_cast<double>(shift_[c]) + offset;
    m2_[c] = m2;
  } else if (finite && !vanished && !shifted_by_mean_) {
    shift_[c] = static_cast<R>(static_cast<double>(shift_[c]) + offset);
    return true;
  } else {
    const auto moments = reference::channel_moments(input_, plan_.geometry, channel, positions_.weights());
    mean_[c] = moments.mean;
    m2_[c] = moments.m2;
  }
  pending_[c] = false;
  return false;
}

template class MomentSums<float>;
template class MomentSums<double>;
template class MomentSums<float16>;
template class MomentSums<bfloat16>;

}  // namespace evenkeel::kernels
