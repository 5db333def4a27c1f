// Series of points made ready to be drawn.
#pragma once

#include <cstddef>
#include <vector>

#include "report/report.h"

namespace evenkeel::report {

// Finite, and small enough for a plotting program's own arithmetic. All that follows treats every other point
// as a gap.
bool drawable(const Point& point);
std::size_t count_not_drawable(const std::vector<Point>& points);

// The mean of the `window` points around each point, taken over those that are drawable. Where the point
// itself is a gap, so is the result. At the start, where losses fall fast, the window shrinks on both sides
// alike, so that the curve begins where the points do; at the end it has only the points before.
std::vector<Point> smooth(const std::vector<Point>& points, std::size_t window);

// At most about `limit` points that look like `points`: the lowest and the highest of each stretch, in their
// order, so that no peak is lost. A stretch that holds a gap keeps one.
std::vector<Point> thin(const std::vector<Point>& points, std::size_t limit);

// The points that a line cannot show, because both neighbours are gaps.
std::vector<Point> isolated(const std::vector<Point>& points);

// A range of one axis, never empty.
struct Range {
  double low = 0;
  double high = 1;
};

// From the lowest to the highest drawable value, or, without any, 0 to 1.
Range range_of(const std::vector<double>& values);
std::vector<double> drawable_ys(const std::vector<Point>& points);

}  // namespace evenkeel::report
