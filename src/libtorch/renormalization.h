// Batch Renormalization (Ioffe 2017): see BatchRenormalization in batch_norm_options.h.
#pragma once

#include "evenkeel/functional.h"
#include "libtorch/kernel_calls.h"

namespace evenkeel::libtorch {

// With n = (x - mean) / std, weight * (n * r + d) + bias is a normalisation with other parameters, weight * r and
// weight * d + bias. Puts these into `call`; r and d, from the moments of its input and the running statistics as they
// stand, are constants to autograd.
void renormalize(Forward& call, const BatchMoments& batch, const Tensor& running_mean,
                 const Tensor& running_var, const functional::BatchNormFuncOptions& options);

}  // namespace evenkeel::libtorch
