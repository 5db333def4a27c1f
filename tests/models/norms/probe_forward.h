// What NoStatisticsUpdateGuard promises, for any norm that keeps statistics.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "evenkeel/statistics_update_guard.h"

namespace evenkeel::testing {

// A forward under the guard gives what training gives and leaves the buffers of a norm of 4 channels alone; one without it does not.
template <typename Norm>
void expect_that_probes_leave_statistics_alone(Norm norm) {
  const torch::Tensor x = torch::randn({16, 4, 2, 2}) + 5;
  const torch::Tensor trained = norm(x).detach();
  std::vector<torch::Tensor> before;
  for (const torch::Tensor& buffer : norm->buffers()) before.push_back(buffer.clone());
  {
    const NoStatisticsUpdateGuard probe;
    EXPECT_TRUE(torch::equal(norm(x), trained));
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(torch::equal(norm->buffers()[i], before[i])) << i;
  norm(x);
  EXPECT_FALSE(torch::equal(norm->running_mean, before[0]));
}

}  // namespace evenkeel::testing
