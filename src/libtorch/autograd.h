// Batch normalization that autograd can differentiate, to any order, in input, weight, bias and residual.
#pragma once

#include <torch/types.h>

#include "libtorch/kernel_calls.h"

namespace evenkeel::libtorch {

// Both fill in what `call` lacks, `output` and `positive`, and give the output. `inplace` lets it lie where the
// residual or the input does; functional.h says when.

// With the statistics of the batch, through which gradients flow; writes them where `batch` has none (kernel_calls.h).
Tensor training_norm(Forward call, const BatchMoments& batch, bool inplace);

// With given statistics, which are constants; later changes of them do not touch the backward of this call.
Tensor evaluation_norm(Forward call, const Tensor& mean, const Tensor& variance, bool inplace);

}  // namespace evenkeel::libtorch
