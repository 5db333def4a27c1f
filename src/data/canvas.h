// A small grey picture and a round, soft pen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace evenkeel::data {

struct Point {
  double x = 0;  // to the right
  double y = 0;  // downwards
};

class Canvas {
 public:
  Canvas(int rows, int columns);

  // A line of the pen whose radius grows or shrinks from one end to the other; its edge fades over ±softness
  // > 0. All in pixels; the middle of the first pixel is (0.5, 0.5). Where lines meet, the darker ink stays.
  void draw_line(Point from, Point to, double radius_from, double radius_to, double softness);

  std::span<double> ink() { return ink_; }  // [rows][columns], 0 to 1

 private:
  int rows_;
  int columns_;
  std::vector<double> ink_;
};

}  // namespace evenkeel::data
