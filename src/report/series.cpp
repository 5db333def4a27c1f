#include "report/series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace evenkeel::report {
namespace {

constexpr double kLargest = 1e300;

bool drawable(double value) { return std::abs(value) <= kLargest; }  // false for NaN too

constexpr Point kGap = {0, std::numeric_limits<double>::quiet_NaN()};

}  // namespace

bool drawable(const Point& point) { return drawable(point.x) && drawable(point.y); }

std::size_t count_not_drawable(const std::vector<Point>& points) {
  return static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](const Point& point) { return !drawable(point); }));
}

std::vector<Point> smooth(const std::vector<Point>& points, std::size_t window) {
  const std::size_t count = points.size();
  std::vector<Point> result = points;
  for (std::size_t i = 0; i < count; ++i) {
    if (!drawable(points[i])) continue;
    const std::size_t before = std::min(window / 2, i);
    const std::size_t after = std::min(before, count - 1 - i);
    double mean = 0;
    double used = 0;
    for (std::size_t j = i - before; j <= i + after; ++j) {
      if (!drawable(points[j])) continue;
      ++used;
      mean += (points[j].y - mean) / used;  // never a sum: values up to 1e300 stay finite
    }
    result[i].y = mean;
  }
  return result;
}

std::vector<Point> thin(const std::vector<Point>& points, std::size_t limit) {
  if (points.size() <= limit || limit < 2) return points;
  const std::size_t stretches = limit / 2;
  std::vector<Point> result;
  for (std::size_t s = 0; s < stretches; ++s) {
    const std::size_t begin = points.size() * s / stretches;
    const std::size_t end = points.size() * (s + 1) / stretches;
    const Point* low = nullptr;
    const Point* high = nullptr;
    bool gap = false;
    for (std::size_t i = begin; i < end; ++i) {
      const Point* point = &points[i];
      if (!drawable(*point)) {
        gap = true;
        continue;
      }
      if (low == nullptr || point->y < low->y) low = point;
      if (high == nullptr || point->y > high->y) high = point;
    }
    if (low != nullptr) {
      result.push_back(*std::min(low, high));  // pointers into one array: the earlier one first
      if (low != high) result.push_back(*std::max(low, high));
    }
    if (gap) result.push_back(kGap);
  }
  return result;
}

std::vector<Point> isolated(const std::vector<Point>& points) {
  std::vector<Point> result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool before = i > 0 && drawable(points[i - 1]);
    const bool after = i + 1 < points.size() && drawable(points[i + 1]);
    if (drawable(points[i]) && !before && !after) result.push_back(points[i]);
  }
  return result;
}

Range range_of(const std::vector<double>& values) {
  bool any = false;
  Range range;
  for (const double value : values) {
    if (!drawable(value)) continue;
    range.low = any ? std::min(range.low, value) : value;
    range.high = any ? std::max(range.high, value) : value;
    any = true;
  }
  return range;
}

std::vector<double> drawable_ys(const std::vector<Point>& points) {
  std::vector<double> values;
  for (const Point& point : points) {
    if (drawable(point)) values.push_back(point.y);
  }
  return values;
}

}  // namespace evenkeel::report
