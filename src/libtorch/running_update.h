// What a training batch does to running statistics.
#pragma once

#include <torch/types.h>

#include "evenkeel/functional.h"

namespace evenkeel::libtorch {

// The statistics of a batch (kernel_calls.h) and how many values they are of, or the sum of their weights.
struct BatchStatistics {
  torch::Tensor moments;
  double count;
};

// Lets running statistics take a batch, as options.momentum(), running_variance() and non_finite() say, and counts it. Does
// nothing inside a NoStatisticsUpdateGuard. Throws c10::Error for NonFinite::kThrow.
void take_batch(const BatchStatistics& batch, const torch::Tensor& running_mean,
                const torch::Tensor& running_var, const functional::BatchNormFuncOptions& options);

}  // namespace evenkeel::libtorch
