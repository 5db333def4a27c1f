#include "libtorch/running_update.h"

#include <torch/torch.h>

#include "evenkeel/statistics_update_guard.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel {
namespace {

thread_local bool updates_off = false;

}  // namespace

NoStatisticsUpdateGuard::NoStatisticsUpdateGuard() : before_(updates_off) { updates_off = true; }
NoStatisticsUpdateGuard::~NoStatisticsUpdateGuard() { updates_off = before_; }
bool NoStatisticsUpdateGuard::is_active() { return updates_off; }

namespace libtorch {
namespace {

std::int64_t channels_not_finite(const Tensor& moments) {
  return torch::isfinite(moments).all(0).logical_not().sum().item<std::int64_t>();
}

// The weight of the new value, after counting the batch.
double count_batch(const functional::BatchNormFuncOptions& options) {
  const Tensor& counter = options.num_batches_tracked();
  if (counter.defined()) counter.add_(1);
  return options.momentum().has_value() ? *options.momentum() : 1.0 / counter.item<double>();
}

}  // namespace

void take_batch(const BatchStatistics& batch, const Tensor& running_mean, const Tensor& running_var,
                const functional::BatchNormFuncOptions& options) {
  if (updates_off) return;
  if (options.non_finite() != NonFinite::kPropagate) {
    const std::int64_t bad = channels_not_finite(batch.moments);
    TORCH_CHECK(bad == 0 || options.non_finite() == NonFinite::kSkip,
                "[batch_norm] expected a batch with finite statistics, got NaN or Inf in ", bad, " of ",
                batch.moments.size(1), " channels");
    if (bad > 0) {
      if (options.skipped_batches() != nullptr) ++*options.skipped_batches();
      return;
    }
  }
  const bool unbiased = options.running_variance() == RunningVariance::kUnbiased;
  update_running(batch.moments, {batch.count, count_batch(options), unbiased}, running_mean, running_var);
}

}  // namespace libtorch
}  // namespace evenkeel
