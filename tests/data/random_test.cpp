#include "data/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace evenkeel::data::random_test {
namespace {

TEST(RandomTest, SameSeedAndStreamGiveTheSameNumbersAndOthersDoNot) {
  Random a(1, 2), same(1, 2), other_seed(3, 2), other_stream(1, 3), exchanged(2, 1);
  const std::uint64_t bits = a.bits();
  EXPECT_EQ(same.bits(), bits);
  EXPECT_NE(other_seed.bits(), bits);
  EXPECT_NE(other_stream.bits(), bits);
  EXPECT_NE(exchanged.bits(), bits);
}

// Bounds are six standard deviations of the estimate.
TEST(RandomTest, UniformNumbersFillTheirRangeEvenly) {
  constexpr int kCount = 200000;
  Random random(5, 0);
  double sum = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.uniform(-3, 5);
    ASSERT_GE(value, -3);
    ASSERT_LT(value, 5);
    sum += value;
  }
  EXPECT_NEAR(sum / kCount, 1, 6 * 8 / std::sqrt(12.0 * kCount));
}

TEST(RandomTest, BellHasMeanZeroAndVarianceOne) {
  constexpr int kCount = 200000;
  Random random(6, 0);
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.bell();
    ASSERT_LE(std::abs(value), 6);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0, 6 / std::sqrt(1.0 * kCount));
  EXPECT_NEAR(squares / kCount, 1, 6 * std::sqrt(2.0 / kCount));
}

}  // namespace
}  // namespace evenkeel::data::random_test
