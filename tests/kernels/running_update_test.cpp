// Running statistics: momentum weights the new value, running_var takes the unbiased variance.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test::running_update_test {
namespace {

template <typename T>
class RunningUpdateTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RunningUpdateTest, Types);

// Eight values of m2 = 14: biased variance 1.75, unbiased 2. Everything here is exact in binary.
TYPED_TEST(RunningUpdateTest, OneStepByHand) {
  using T = TypeParam;
  const std::vector<double> mean{2.0, -1.0};
  const std::vector<double> m2{14.0, 0.0};
  std::vector<T> running_mean{T{4}, T{3}};
  std::vector<T> running_var{T{1}, T{8}};
  run(RunningUpdate<T>{2, 8, mean.data(), m2.data(), 0.25, running_mean.data(), running_var.data()});
  EXPECT_EQ(running_mean, (std::vector<T>{T{3.5}, T{2}}));  // 0.75 * 4 + 0.25 * 2,  0.75 * 3 - 0.25
  EXPECT_EQ(running_var, (std::vector<T>{T{1.25}, T{6}}));  // 0.75 * 1 + 0.25 * 2,  0.75 * 8
}

TYPED_TEST(RunningUpdateTest, MomentumZeroKeepsAndMomentumOneReplaces) {
  using T = TypeParam;
  const double mean = 0.1;
  const double m2 = 0.3;
  T running_mean = T(0.7);
  T running_var = T(0.9);
  run(RunningUpdate<T>{1, 4, &mean, &m2, 0.0, &running_mean, &running_var});
  EXPECT_EQ(running_mean, T(0.7));
  EXPECT_EQ(running_var, T(0.9));
  run(RunningUpdate<T>{1, 4, &mean, &m2, 1.0, &running_mean, &running_var});
  EXPECT_EQ(running_mean, T(0.1));
  EXPECT_NEAR(running_var, 0.1, static_cast<double>(kUnit<T>));
}

// After n equal steps from r0: r = b + (1 - momentum)^n (r0 - b).
TYPED_TEST(RunningUpdateTest, EqualStepsDecayGeometrically) {
  using T = TypeParam;
  const double mean = 5.0;
  const double m2 = 27.0;  // of 10 values: unbiased variance 3
  T running_mean = T{0};
  T running_var = T{1};
  for (int n = 1; n <= 100; ++n) {
    run(RunningUpdate<T>{1, 10, &mean, &m2, 0.1, &running_mean, &running_var});
    const double kept = std::pow(0.9, n);
    // Each step rounds once to T and a few times in double, and the earlier errors decay: at most 10 steps'
    // worth.
    const auto tolerance = static_cast<double>(10 * 2 * kUnit<T>);
    EXPECT_NEAR(running_mean, 5.0 - 5.0 * kept, 5.0 * tolerance) << "step " << n;
    EXPECT_NEAR(running_var, 3.0 - 2.0 * kept, 3.0 * tolerance) << "step " << n;
  }
}

// With momentum 1/n at step n the running mean is the plain average of the batch means.
TYPED_TEST(RunningUpdateTest, MomentumOneOverNGivesTheCumulativeAverage) {
  using T = TypeParam;
  T running_mean = T(1e9);
  T running_var = T(1e9);
  double mean_sum = 0.0;
  double var_sum = 0.0;
  for (int n = 1; n <= 50; ++n) {
    const double mean = n % 7;
    const double m2 = 4.0 * (n % 5);
    mean_sum += mean;
    var_sum += m2 / 4.0;
    run(RunningUpdate<T>{1, 5, &mean, &m2, 1.0 / n, &running_mean, &running_var});
    // n roundings to T, weighted 1/n .. 1 by what follows: n/2 of them, of values below 7.
    EXPECT_NEAR(running_mean, mean_sum / n, static_cast<double>(7 * (n + 1) * kUnit<T>)) << "step " << n;
    EXPECT_NEAR(running_var, var_sum / n, static_cast<double>(7 * (n + 1) * kUnit<T>)) << "step " << n;
  }
}

// A float result is rounded once, from a double: never more than half a unit away.
TEST(RunningUpdateTest, FloatIsRoundedOnce) {
  for (int k = 1; k < 200; ++k) {
    const double mean = 1.0 / k;
    const double m2 = 3.0 * k / 7.0;
    float running_mean = 1.0F / static_cast<float>(k + 1);
    float running_var = 1.0F + 1.0F / static_cast<float>(k);
    const auto expected_mean = static_cast<float>(0.9 * static_cast<double>(running_mean) + 0.1 * mean);
    const auto expected_var = static_cast<float>(0.9 * static_cast<double>(running_var) + 0.1 * m2 / 3.0);
    run(RunningUpdate<float>{1, 4, &mean, &m2, 0.1, &running_mean, &running_var});
    EXPECT_FLOAT_EQ(running_mean, expected_mean);
    EXPECT_FLOAT_EQ(running_var, expected_var);
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::running_update_test
