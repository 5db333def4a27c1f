// How the bytes of a picture become what a network takes.
#pragma once

#include <cstdint>
#include <vector>

#include "data/data_set.h"

namespace evenkeel::data {

// A pixel p in 0..255 goes into the network as (p / 255 - mean) / deviation, those of its channel.
struct PixelScale {
  std::vector<double> mean{0};
  std::vector<double> deviation{1};
};

// Mean and deviation of each channel over the first `count` pictures, rounded to four decimals (MNIST: 0.1307 and 0.3081).
PixelScale measure_pixels(const Pictures& pictures, std::int64_t count);

}  // namespace evenkeel::data
