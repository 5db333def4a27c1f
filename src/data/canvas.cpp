#include "data/canvas.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::data {

Canvas::Canvas(int rows, int columns)
    : rows_(rows), columns_(columns), ink_(static_cast<std::size_t>(rows) * columns) {}

void Canvas::draw_line(Point from, Point to, double radius_from, double radius_to, double softness) {
  // Only pixels near the line can get ink.
  const double reach = std::max(radius_from, radius_to) + softness;
  const auto first = [&](double a, double b) {
    return std::max(0, static_cast<int>(std::floor(std::min(a, b) - reach)));
  };
  const auto last = [&](double a, double b, int size) {
    return std::min(size - 1, static_cast<int>(std::floor(std::max(a, b) + reach)));
  };
  const int first_column = first(from.x, to.x), last_column = last(from.x, to.x, columns_);
  const int first_row = first(from.y, to.y), last_row = last(from.y, to.y, rows_);

  const double along_x = to.x - from.x, along_y = to.y - from.y;
  const double length_squared = along_x * along_x + along_y * along_y;
  for (int row = first_row; row <= last_row; ++row) {
    for (int column = first_column; column <= last_column; ++column) {
      const double x = column + 0.5 - from.x, y = row + 0.5 - from.y;
      // How far along the line its nearest point lies: 0 at `from`, 1 at `to`.
      const double t =
          length_squared > 0 ? std::clamp((x * along_x + y * along_y) / length_squared, 0.0, 1.0) : 0.0;
      const double dx = x - t * along_x, dy = y - t * along_y;
      const double inside = radius_from + (radius_to - radius_from) * t - std::sqrt(dx * dx + dy * dy);
      double& ink = ink_[static_cast<std::size_t>(row) * columns_ + column];
      ink = std::max(ink, std::clamp(0.5 + inside / (2 * softness), 0.0, 1.0));
    }
  }
}

}  // namespace evenkeel::data
