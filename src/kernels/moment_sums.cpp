#include "kernels/moment_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/reference.h"

namespace evenkeel::kernels {
namespace {

constexpr std::int64_t kShiftSamples = 8;

// With a shift s the sums lose about (mean - s)^2 / variance of their accuracy. Eight samples keep that below
// 1 nearly always.
constexpr double kWorstShift = 4.0;

// Squares of deviations below this vanish in T or lose digits.
template <typename T>
constexpr double kSmallestVariance = static_cast<double>(std::numeric_limits<T>::min()) * 1e8;

}  // namespace

template <typename T>
MomentSums<T>::MomentSums(const Plan& plan, std::int64_t slab, const T* input, double* mean, double* m2,
                          Workspace& workspace)
    : plan_(plan),
      slab_(slab),
      channels_(plan.channels_of(slab)),
      input_(input),
      mean_(mean + plan.first_channel(slab)),
      m2_(m2 + plan.first_channel(slab)),
      workspace_(workspace),
      shift_(workspace.take<T>(channels_)),
      pending_(workspace.take<bool>(channels_)) {
  std::fill_n(pending_, channels_, true);
  estimate_shifts();
  shift_columns_ = spread(plan_, slab_, shift_, workspace_);
}

// The mean of a few values spread over the channel. Equal values give exactly that value.
template <typename T>
void MomentSums<T>::estimate_shifts() {
  const Geometry& g = plan_.geometry;
  const std::int64_t samples = std::min(kShiftSamples, g.count());
  std::fill_n(mean_, channels_, 0.0);
  for (std::int64_t k = 0; k < samples; ++k) {
    const std::int64_t value = (2 * k + 1) * g.count() / (2 * samples);
    const std::int64_t outer = value / g.inner;
    const T* first = input_ + (outer * g.channels + plan_.first_channel(slab_)) * g.inner + value % g.inner;
    for (std::int64_t c = 0; c < channels_; ++c) mean_[c] += static_cast<double>(first[c * g.inner]);
  }
  for (std::int64_t c = 0; c < channels_; ++c) {
    shift_[c] = static_cast<T>(mean_[c] / static_cast<double>(samples));
  }
}

template <typename T>
void MomentSums<T>::add_sums(std::int64_t block, double* sums) const {
  const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
  sum_block(plan_, slab_, block, sums,
            [&](const Tile& tile, std::int64_t offset, std::int64_t parameter, double* sum, double* dot) {
              kernels.moment_sums(tile, input_ + offset, shift_columns_ + parameter, sum, dot);
            });
}

template <typename T>
bool MomentSums<T>::finish_sums(const double* sums) {
  const auto count = static_cast<double>(plan_.geometry.count());
  bool again = false;
  for (std::int64_t c = 0; c < channels_; ++c) {
    if (!pending_[c]) continue;
    const double sum = sums[c];
    const double offset = sum / count;  // of the mean from the shift
    const double dot = sums[channels_ + c];
    const double m2 = std::max(0.0, dot - sum * offset);
    const bool finite = std::isfinite(dot) && std::isfinite(sum);
    const bool vanished = m2 < kSmallestVariance<T> * count &&
                          (sum != 0.0 || dot != 0.0 ||
                           !reference::is_constant(input_, plan_.geometry, plan_.first_channel(slab_) + c));
    if (finite && !vanished && offset * offset * count <= kWorstShift * m2) {
      mean_[c] = static_cast<double>(shift_[c]) + offset;
      m2_[c] = m2;
      pending_[c] = false;
    } else if (finite && !vanished && !shifted_by_mean_) {
      shift_[c] = static_cast<T>(static_cast<double>(shift_[c]) + offset);
      again = true;
    } else {
      const auto moments = reference::channel_moments(input_, plan_.geometry, plan_.first_channel(slab_) + c);
      mean_[c] = moments.mean;
      m2_[c] = moments.m2;
      pending_[c] = false;
    }
  }
  if (again) shift_columns_ = spread(plan_, slab_, shift_, workspace_);
  shifted_by_mean_ = true;
  return again;
}

template class MomentSums<float>;
template class MomentSums<double>;

}  // namespace evenkeel::kernels
