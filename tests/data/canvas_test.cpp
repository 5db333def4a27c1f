#include "data/canvas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace evenkeel::data::canvas_test {
namespace {

TEST(CanvasTest, ALineInksThePixelsItCoversAndNoOthers) {
  Canvas canvas(5, 8);
  canvas.draw_line({2.5, 2.5}, {5.5, 2.5}, 0.5, 0.5, 0.25);
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 8; ++column) {
      const bool covered = row == 2 && column >= 2 && column <= 5;
      EXPECT_EQ(canvas.ink()[static_cast<std::size_t>(row * 8 + column)], covered ? 1 : 0)
          << row << ", " << column;
    }
  }
}

TEST(CanvasTest, TheEdgeOfThePenFadesEvenly) {
  Canvas canvas(1, 5);
  canvas.draw_line({0.5, 0.5}, {0.5, 0.5}, 2, 2, 2);
  const double expected[] = {1, 0.75, 0.5, 0.25, 0};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_DOUBLE_EQ(canvas.ink()[i], expected[i]);
}

TEST(CanvasTest, CrossingLinesKeepTheDarkerInk) {
  Canvas once(9, 9), twice(9, 9);
  once.draw_line({1, 4}, {8, 4}, 1, 2, 0.7);
  twice.draw_line({1, 4}, {8, 4}, 1, 2, 0.7);
  twice.draw_line({1, 4}, {8, 4}, 1, 2, 0.7);
  EXPECT_TRUE(std::equal(once.ink().begin(), once.ink().end(), twice.ink().begin()));
}

TEST(CanvasTest, LinesThatLeaveThePictureAreCutOff) {
  Canvas canvas(4, 4);
  canvas.draw_line({-50, -50}, {60, 60}, 1, 1, 0.5);
  EXPECT_GT(std::accumulate(canvas.ink().begin(), canvas.ink().end(), 0.0), 4);
  Canvas untouched(4, 4);
  untouched.draw_line({-50, 10}, {-40, 60}, 1, 1, 0.5);
  EXPECT_EQ(std::accumulate(untouched.ink().begin(), untouched.ink().end(), 0.0), 0);
}

}  // namespace
}  // namespace evenkeel::data::canvas_test
