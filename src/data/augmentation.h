// What is done to a training picture so that the network never sees it twice alike: padded by mirroring and cropped elsewhere,
// turned left to right, a square cut out of it. As in "How to Train Your ResNet" (D. Page, 2018).
#pragma once

#include <cstdint>

#include "data/data_set.h"

namespace evenkeel::data {

inline constexpr std::int64_t kPadding = 4;  // pixels on each side
inline constexpr std::int64_t kCutSide = 8;  // of the square

struct Alteration {
  std::int64_t down = 0, right = 0;  // the crop against the picture, -kPadding to kPadding
  bool flip = false;                 // after the crop
  std::int64_t cut_row = 0,
               cut_column =
                   0;  // of the square's first pixel, after the flip; the square lies within the picture
};

// Depends on the seed, the epoch and the place in the epoch's order alone, and is the same on every machine. Every value of each
// member is equally likely. The picture has to be larger than kPadding and at least as large as the square.
Alteration random_alteration(std::uint64_t seed, std::int64_t epoch, std::int64_t place, std::int64_t rows,
                             std::int64_t columns);

// Alters a plane of `rows` x `columns` values; the square becomes `fill`.
void alter(const float* plane, std::int64_t rows, std::int64_t columns, const Alteration& alteration,
           float fill, float* altered);

}  // namespace evenkeel::data
