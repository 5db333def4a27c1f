// LibTorch's threads for the kernels.
#pragma once

#include "evenkeel/kernels/executor.h"

namespace evenkeel::libtorch {

// Runs on the pool that LibTorch's own operators use, with at::get_num_threads() threads; serially inside a
// parallel region of LibTorch, and in a child of fork(). The same count gives the same ranges to the same threads.
kernels::Executor& executor();

}  // namespace evenkeel::libtorch
