// What users are warned of, once in a process: each test asks a fresh one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>

#include "evenkeel/evenkeel.h"

namespace evenkeel::warning_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

[[noreturn]] void train_and_exit(double momentum, bool training) {
  BatchNorm1d norm(BatchNormOptions(3).momentum(momentum));
  norm->train(training);
  for (int k = 0; k < 3; ++k) norm(torch::randn({4, 3}));
  std::exit(0);
}

TEST(MomentumWarningDeathTest, AMomentumThatLooksTurnedRoundIsPointedOut) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto exits = ::testing::ExitedWithCode(0);
  EXPECT_EXIT(train_and_exit(0.9, true), exits, HasSubstr("momentum 0.9 weighs the new value"));
  EXPECT_EXIT(train_and_exit(0.9, true), exits, HasSubstr("is called 0.1"));
  EXPECT_EXIT(train_and_exit(0.5, true), exits, Not(HasSubstr("momentum")));
  EXPECT_EXIT(train_and_exit(0.9, false), exits, Not(HasSubstr("momentum")));
}

}  // namespace
}  // namespace evenkeel::warning_test
