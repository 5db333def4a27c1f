#include <gtest/gtest.h>
#include <torch/torch.h>

#include "evenkeel/evenkeel.h"

TEST(BatchNormTest, WorksInASequentialAndAgreesWithTorch) {
  torch::manual_seed(1);
  torch::nn::Sequential ours(evenkeel::BatchNorm2d(3));
  torch::nn::Sequential theirs(torch::nn::BatchNorm2d(3));
  const auto x = torch::randn({4, 3, 5, 6});
  EXPECT_TRUE(torch::allclose(ours->forward(x), theirs->forward(x), 1e-5, 1e-6));
  ours->eval();
  theirs->eval();
  EXPECT_TRUE(torch::allclose(ours->forward(x), theirs->forward(x), 1e-5, 1e-6));
}
