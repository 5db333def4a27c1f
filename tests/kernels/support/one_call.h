// A forward and a backward that are large enough for every pool to be used, for tests about threads and processes: with plain
// memory, so that they can run in the destructors of statics too.
#pragma once

#include <vector>

#include "evenkeel/kernels.h"

namespace evenkeel::kernels::test {

struct OneCall {
  std::vector<float> input, output, grad_input, grad_weight, grad_bias;
  std::vector<double> mean, m2;
  bool operator==(const OneCall&) const = default;
};

inline const Geometry kOneGeometry{60, 32, 400};

OneCall one_call(Executor& executor, const Geometry& geometry = kOneGeometry);

// 0, or 1 if the results have other bits than on the calling thread alone.
int wrong_results(Executor& executor);

}  // namespace evenkeel::kernels::test
