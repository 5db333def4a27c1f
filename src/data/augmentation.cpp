#include "data/augmentation.h"

#include <algorithm>

#include "data/random.h"

namespace evenkeel::data {
namespace {

// Beyond its borders a picture goes on as its mirror image; the border itself stands there once.
std::int64_t mirrored(std::int64_t place, std::int64_t size) {
  if (place < 0) return -place;
  return place < size ? place : 2 * (size - 1) - place;
}

}  // namespace

Alteration random_alteration(std::uint64_t seed, std::int64_t epoch, std::int64_t place, std::int64_t rows,
                             std::int64_t columns) {
  // Fewer than 2^32 pictures in an epoch: no two of a run share a stream.
  Random random(seed, static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint64_t>(place));
  const auto below = [&](std::int64_t count) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count)));
  };
  Alteration alteration;
  alteration.down = below(2 * kPadding + 1) - kPadding;
  alteration.right = below(2 * kPadding + 1) - kPadding;
  alteration.flip = random.chance(0.5);
  alteration.cut_row = below(rows - kCutSide + 1);
  alteration.cut_column = below(columns - kCutSide + 1);
  return alteration;
}

void alter(const float* plane, std::int64_t rows, std::int64_t columns, const Alteration& alteration,
           float fill, float* altered) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = plane + mirrored(row + alteration.down, rows) * columns;
    float* to = altered + row * columns;
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto cropped = alteration.flip ? columns - 1 - column : column;
      to[column] = from[mirrored(cropped + alteration.right, columns)];
    }
  }
  for (std::int64_t row = alteration.cut_row; row < alteration.cut_row + kCutSide; ++row)
    std::fill_n(altered + row * columns + alteration.cut_column, kCutSide, fill);
}

}  // namespace evenkeel::data
