#include "report/series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace evenkeel::report::series_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Point> points_of(const std::vector<double>& values) {
  std::vector<Point> points;
  for (const double value : values) points.push_back({static_cast<double>(points.size()), value});
  return points;
}

TEST(SeriesTest, OnlyFiniteValuesThatAPlotCanHoldAreDrawable) {
  EXPECT_TRUE(drawable(Point{0, -1e300}));
  EXPECT_FALSE(drawable(Point{0, 1.1e300}));
  EXPECT_FALSE(drawable(Point{0, kNaN}));
  EXPECT_FALSE(drawable(Point{kInfinity, 0}));
  EXPECT_EQ(count_not_drawable(points_of({1, kNaN, -kInfinity, 2})), 2U);
}

TEST(SeriesTest, SmoothingIsTheMeanOfTheNeighbours) {
  const auto result = smooth(points_of({0, 3, 6, 0, 0}), 3);
  EXPECT_DOUBLE_EQ(result[0].y, 0);  // alone at the start
  EXPECT_DOUBLE_EQ(result[1].y, 3);
  EXPECT_DOUBLE_EQ(result[2].y, 3);
  EXPECT_DOUBLE_EQ(result[3].y, 2);
  EXPECT_DOUBLE_EQ(result[4].y, 0);  // itself and the one before
}

TEST(SeriesTest, SmoothingLeavesAGapAndDoesNotSpreadIt) {
  const auto result = smooth(points_of({1, kNaN, 5, kInfinity, 1}), 3);
  EXPECT_TRUE(std::isnan(result[1].y));
  EXPECT_DOUBLE_EQ(result[2].y, 5);
  EXPECT_FALSE(drawable(result[3]));
}

TEST(SeriesTest, SmoothingOfHugeValuesStaysFinite) {
  for (const Point& point : smooth(points_of(std::vector<double>(100, 1e300)), 9))
    EXPECT_DOUBLE_EQ(point.y, 1e300);
}

TEST(SeriesTest, ThinningKeepsTheHighestAndTheLowestPoint) {
  std::vector<double> values(10007, 1);
  values[4321] = 9;
  values[8765] = -9;
  const auto result = thin(points_of(values), 200);
  EXPECT_LE(result.size(), 200U);
  EXPECT_EQ(range_of(drawable_ys(result)).high, 9);
  EXPECT_EQ(range_of(drawable_ys(result)).low, -9);
  for (std::size_t i = 1; i < result.size(); ++i) EXPECT_LT(result[i - 1].x, result[i].x);
}

TEST(SeriesTest, ThinningKeepsAGap) {
  std::vector<double> values(1000, 1);
  values[500] = kNaN;
  EXPECT_EQ(count_not_drawable(thin(points_of(values), 100)), 1U);
}

TEST(SeriesTest, FewPointsAreNotThinned) { EXPECT_EQ(thin(points_of({1, 2, 3}), 3).size(), 3U); }

TEST(SeriesTest, APointBetweenGapsIsIsolated) {
  const auto result = isolated(points_of({1, kNaN, 2, kNaN, 3, 4}));
  ASSERT_EQ(result.size(), 2U);
  EXPECT_EQ(result[0].y, 1);
  EXPECT_EQ(result[1].y, 2);
}

TEST(SeriesTest, TheRangeOfNothingIsZeroToOne) {
  const Range range = range_of({kNaN, kInfinity});
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 1);
}

}  // namespace
}  // namespace evenkeel::report::series_test
