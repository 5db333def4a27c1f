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
      pending_(workspace.take<bool>(channels_)) {
  estimate_shifts();
  shift_columns_ = spread(plan_, slab_, shift_, workspace_);
}

// The mean of a few values spread over those that count. Equal values give exactly that value.
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
    shift_[c] = static_cast<R>(mean_[c] / static_cast<double>(positions_.samples().size()));
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
  const bool constant = sum == 0.0 && dot == 0.0 &&
                        reference::is_constant(input_, plan_.geometry, channel, positions_.weights());
  const bool vanished = !constant && m2 < smallest_m2();
  if (constant || (shifted_by_mean_ && finite && !vanished && offset * offset * count <= kWorstShift * m2)) {
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
