#include "bench/memory.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace evenkeel::bench::memory_test {
namespace {

TEST(MemoryTest, LiveAndPeakBytesOfTensorsAreCounted) {
  const TensorBytes bytes;
  const torch::Tensor kept = torch::empty({1000});
  const auto after_one = bytes.live();
  EXPECT_GE(after_one, 4000);
  { const torch::Tensor passing = torch::empty({5000}); }
  EXPECT_EQ(bytes.live(), after_one);
  EXPECT_GE(bytes.peak(), after_one + 20000);
}

// A tensor may live longer than what gave it its memory.
TEST(MemoryTest, TensorsOutliveTheChoiceOfTheirMemory) {
  torch::Tensor small, large;
  {
    const FreshMemory fresh;
    small = torch::ones({10});
    large = torch::ones({100'000});
  }
  EXPECT_EQ(small.sum().item<float>(), 10);
  EXPECT_EQ(large.sum().item<float>(), 100'000);
}

}  // namespace
}  // namespace evenkeel::bench::memory_test
