#include "bench/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace evenkeel::bench::statistics_test {
namespace {

TEST(StatisticsTest, QuartilesOfAnOddCountAreValues) {
  const Spread found = spread({50, 10, 40, 20, 30});
  EXPECT_EQ(found.low_quartile, 20);
  EXPECT_EQ(found.median, 30);
  EXPECT_EQ(found.high_quartile, 40);
}

// 1, 2, 3, 4: the places 0.75, 1.5 and 2.25 of the values counted from 0.
TEST(StatisticsTest, QuartilesBetweenValuesAreInterpolated) {
  const Spread found = spread({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(found.low_quartile, 1.75);
  EXPECT_DOUBLE_EQ(found.median, 2.5);
  EXPECT_DOUBLE_EQ(found.high_quartile, 3.25);
}

TEST(StatisticsTest, OneValueIsItsOwnSpread) {
  const Spread found = spread({7});
  EXPECT_EQ(found.low_quartile, 7);
  EXPECT_EQ(found.median, 7);
  EXPECT_EQ(found.high_quartile, 7);
}

TEST(StatisticsTest, NothingHasNoMedian) { EXPECT_TRUE(std::isnan(spread({}).median)); }

TEST(StatisticsTest, GeometricMeanOfPowersIsTheMiddlePower) {
  EXPECT_NEAR(geometric_mean({1, 2, 4, 8, 16}), 4, 1e-14);
  EXPECT_NEAR(geometric_mean({0.5, 2}), 1, 1e-15);
}

TEST(StatisticsTest, GeometricMeanLeavesOutWhatWasNotMeasured) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NEAR(geometric_mean({none, 3, none, 12}), 6, 1e-14);
  EXPECT_TRUE(std::isnan(geometric_mean({none})));
  EXPECT_TRUE(std::isnan(geometric_mean({})));
}

}  // namespace
}  // namespace evenkeel::bench::statistics_test
