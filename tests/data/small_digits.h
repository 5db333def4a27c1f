// A small data set of pictures the network can take, for tests of training.
#pragma once

#include <cstdint>
#include <random>

#include "data/data_set.h"

namespace evenkeel::testing {

// A bright square in the place of its label, in noise: easy to learn, quick to make.
inline data::Pictures squares(std::int64_t count, unsigned seed) {
  data::Pictures pictures{count, 28, 28, {}, {}};
  pictures.pixels.resize(static_cast<std::size_t>(count * 28 * 28));
  std::mt19937 random(seed);
  for (auto& pixel : pictures.pixels) pixel = static_cast<std::uint8_t>(random() % 100);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::int64_t>(random() % 10);
    pictures.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t y = 0; y < 5; ++y)
      for (std::int64_t x = 0; x < 5; ++x)
        pictures
            .pixels[static_cast<std::size_t>((i * 28 + label / 5 * 14 + y + 4) * 28 + label % 5 * 5 + x)] =
            255;
  }
  return pictures;
}

inline data::DataSet small_digits() { return {"digits", 10, squares(150, 1), squares(60, 2)}; }

}  // namespace evenkeel::testing
