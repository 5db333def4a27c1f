#include "training/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace evenkeel::training {

void measure_pixels(const Pictures& pictures, TrainConfig& config) {
  std::array<std::int64_t, 256> histogram{};
  for (const auto pixel : pictures.pixels) ++histogram[pixel];
  double sum = 0;
  double squares = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    const double scaled = static_cast<double>(value) / 255;
    sum += scaled * static_cast<double>(histogram[value]);
    squares += scaled * scaled * static_cast<double>(histogram[value]);
  }
  const auto count = static_cast<double>(std::max<std::size_t>(pictures.pixels.size(), 1));
  const double mean = sum / count;
  const auto rounded = [](double value) { return std::round(value * 1e4) / 1e4; };
  config.pixel_mean = rounded(mean);
  config.pixel_deviation = std::max(rounded(std::sqrt(std::max(squares / count - mean * mean, 0.0))), 1e-4);
}

std::vector<std::int64_t> shuffled_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::seed_seq seeds{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(epoch)};
  // std::shuffle would give another order with another standard library; the remainder's bias is below 2^-32.
  std::mt19937_64 random(seeds);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

std::int64_t batches_per_epoch(std::int64_t pictures, std::int64_t batch_size) {
  const auto full = pictures / batch_size;
  return full + (pictures % batch_size > 1 ? 1 : 0);
}

BatchMaker::BatchMaker(const Pictures& pictures, const TrainConfig& config) : pictures_(pictures) {
  for (std::size_t value = 0; value < normalised_.size(); ++value)
    normalised_[value] =
        static_cast<float>((static_cast<double>(value) / 255 - config.pixel_mean) / config.pixel_deviation);
}

Batch BatchMaker::operator()(std::span<const std::int64_t> indices) const {
  const auto count = static_cast<std::int64_t>(indices.size());
  Batch batch{torch::empty({count, 1, pictures_.rows, pictures_.columns}),
              torch::empty({count}, torch::kInt64)};
  const auto size = pictures_.rows * pictures_.columns;
  auto* out = batch.pictures.data_ptr<float>();
  auto* label = batch.labels.data_ptr<std::int64_t>();
  for (const auto index : indices) {
    const auto* pixel = pictures_.pixels.data() + index * size;
    out = std::transform(pixel, pixel + size, out, [this](std::uint8_t value) { return normalised_[value]; });
    *label++ = pictures_.labels[static_cast<std::size_t>(index)];
  }
  return batch;
}

}  // namespace evenkeel::training
