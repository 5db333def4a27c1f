// What happens to statistics once they are computed: merging batches, updating moving averages.
#include "kernels/check.h"

namespace evenkeel::kernels {
namespace {

template <typename T>
void update_running(const RunningUpdate<T>& call) {
  check(call);
  const double keep = 1.0 - call.momentum;
  const double to_variance = 1.0 / (call.unbiased ? call.count - 1 : call.count);
  for (std::int64_t c = 0; c < call.channels; ++c) {
    call.running_mean[c] =
        static_cast<T>(keep * static_cast<double>(call.running_mean[c]) + call.momentum * call.mean[c]);
    call.running_var[c] = static_cast<T>(keep * static_cast<double>(call.running_var[c]) +
                                         call.momentum * (call.m2[c] * to_variance));
  }
}

}  // namespace

void run(const RunningUpdate<float>& call) { update_running(call); }
void run(const RunningUpdate<double>& call) { update_running(call); }

void merge_moments(std::int64_t channels, double count, double* mean, double* m2, double other_count,
                   const double* other_mean, const double* other_m2) {
  check_merge(channels, count, mean, m2, other_count, other_mean, other_m2);
  if (other_count == 0) return;
  const double other_share = other_count / (count + other_count);
  const double cross = count * other_share;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double delta = other_mean[c] - mean[c];
    if (count == 0) {  // keeps the other batch's bits
      mean[c] = other_mean[c];
      m2[c] = other_m2[c];
    } else {
      mean[c] += delta * other_share;
      m2[c] += other_m2[c] + delta * delta * cross;
    }
  }
}

}  // namespace evenkeel::kernels
