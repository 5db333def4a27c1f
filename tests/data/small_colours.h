// A small data set of colour pictures that ResNet-9 can take, for tests of training.
#pragma once

#include <cstdint>
#include <random>

#include "data/data_set.h"

namespace evenkeel::testing {

// The label is in the colour, which cropping, flipping and cutting leave as it is.
inline data::Pictures tints(std::int64_t count, unsigned seed) {
  data::Pictures pictures{count, 32, 32, {}, {}, 3};
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = random() % 10;
    pictures.labels.push_back(static_cast<std::uint8_t>(label));
    for (const auto tint : {label & 1, label >> 1 & 1, label >> 2})
      for (int pixel = 0; pixel < 32 * 32; ++pixel)
        pictures.pixels.push_back(static_cast<std::uint8_t>(80 * tint + random() % 60));
  }
  return pictures;
}

inline data::DataSet small_colours() { return {"cifar10:tints", 10, tints(150, 1), tints(60, 2)}; }

}  // namespace evenkeel::testing
