#include "data/pixel_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace evenkeel::data {
namespace {

struct MeanAndDeviation {
  double mean;
  double deviation;
};

MeanAndDeviation measure(const std::array<std::int64_t, 256>& histogram) {
  double sum = 0;
  double squares = 0;
  std::int64_t all = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    const double scaled = static_cast<double>(value) / 255;
    sum += scaled * static_cast<double>(histogram[value]);
    squares += scaled * scaled * static_cast<double>(histogram[value]);
    all += histogram[value];
  }
  const auto count = static_cast<double>(std::max<std::int64_t>(all, 1));
  const double mean = sum / count;
  const auto rounded = [](double value) { return std::round(value * 1e4) / 1e4; };
  return {rounded(mean), std::max(rounded(std::sqrt(std::max(squares / count - mean * mean, 0.0))), 1e-4)};
}

}  // namespace

PixelScale measure_pixels(const Pictures& pictures, std::int64_t count) {
  PixelScale scale{{}, {}};
  const auto plane = pictures.rows * pictures.columns;
  for (std::int64_t channel = 0; channel < pictures.channels; ++channel) {
    std::array<std::int64_t, 256> histogram{};
    for (std::int64_t i = 0; i < count; ++i) {
      const auto* first = pictures.pixels.data() + i * pictures.picture_bytes() + channel * plane;
      for (const auto* pixel = first; pixel < first + plane; ++pixel) ++histogram[*pixel];
    }
    const auto [mean, deviation] = measure(histogram);
    scale.mean.push_back(mean);
    scale.deviation.push_back(deviation);
  }
  return scale;
}

}  // namespace evenkeel::data
