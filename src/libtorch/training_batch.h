// How a training batch is normalised: whole or in parts, all of it or as a mask has it, with or without renormalization.
#pragma once

#include "evenkeel/functional.h"
#include "libtorch/kernel_calls.h"
#include "libtorch/running_update.h"

namespace evenkeel::libtorch {

struct NormalizedBatch {
  Tensor output;
  BatchStatistics statistics;  // of the whole batch
};

// `call` has a dense input with values; everything was checked, but for what the mask adds up to. The running statistics
// are read for renormalization only.
NormalizedBatch normalize_batch(const Forward& call, const Tensor& running_mean, const Tensor& running_var,
                                const functional::BatchNormFuncOptions& options);

}  // namespace evenkeel::libtorch
