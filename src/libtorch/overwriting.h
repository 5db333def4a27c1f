// Which tensors of the caller an output may be written over; functional.h has the rules in words.
#pragma once

#include "libtorch/kernel_calls.h"

namespace evenkeel::libtorch {

// For a call that autograd records.
bool may_overwrite_residual(const Forward& call);

// For a call that it does not: the residual or else the input, if `inplace` and allowed, else new memory. Autograd
// is told, so that it refuses a backward that saved the old values.
Tensor output_without_graph(const Forward& call, bool inplace);

}  // namespace evenkeel::libtorch
