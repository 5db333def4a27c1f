#include "data/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <utility>

#include "data/augmentation.h"

namespace evenkeel::data {

namespace {

std::vector<std::int64_t> counting_order(std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

std::vector<std::int64_t> shuffled_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  auto order = counting_order(count);
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

BatchMaker::BatchMaker(const Pictures& pictures, const PixelScale& scale)
    : pictures_(pictures), normalised_(scale.mean.size()) {
  if (static_cast<std::int64_t>(normalised_.size()) != pictures.channels)
    throw std::runtime_error(fmt::format("pixel mean: expected one for each channel, {}, found {}",
                                         pictures.channels, normalised_.size()));
  for (std::size_t channel = 0; channel < normalised_.size(); ++channel)
    for (std::size_t value = 0; value < normalised_[channel].size(); ++value)
      normalised_[channel][value] = static_cast<float>(
          (static_cast<double>(value) / 255 - scale.mean[channel]) / scale.deviation[channel]);
}

Batch BatchMaker::empty_batch(std::span<const std::int64_t> indices) const {
  const auto count = static_cast<std::int64_t>(indices.size());
  Batch batch{torch::empty({count, pictures_.channels, pictures_.rows, pictures_.columns}),
              torch::empty({count}, torch::kInt64)};
  auto* label = batch.labels.data_ptr<std::int64_t>();
  for (const auto index : indices) *label++ = pictures_.labels[static_cast<std::size_t>(index)];
  return batch;
}

float* BatchMaker::write_plane(std::int64_t index, std::size_t channel, float* out) const {
  const auto size = pictures_.rows * pictures_.columns;
  const auto* pixel =
      pictures_.pixels.data() + index * pictures_.picture_bytes() + static_cast<std::int64_t>(channel) * size;
  return std::transform(pixel, pixel + size, out,
                        [&table = normalised_[channel]](std::uint8_t value) { return table[value]; });
}

Batch BatchMaker::operator()(std::span<const std::int64_t> indices) const {
  auto batch = empty_batch(indices);
  auto* out = batch.pictures.data_ptr<float>();
  for (const auto index : indices)
    for (std::size_t channel = 0; channel < normalised_.size(); ++channel)
      out = write_plane(index, channel, out);
  return batch;
}

Batch BatchMaker::altered(std::span<const std::int64_t> indices, std::uint64_t seed, std::int64_t epoch,
                          std::int64_t first_place) const {
  auto batch = empty_batch(indices);
  auto* out = batch.pictures.data_ptr<float>();
  std::vector<float> plane(static_cast<std::size_t>(pictures_.rows * pictures_.columns));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto alteration = random_alteration(seed, epoch, first_place + static_cast<std::int64_t>(i),
                                              pictures_.rows, pictures_.columns);
    for (std::size_t channel = 0; channel < normalised_.size(); ++channel) {
      write_plane(indices[i], channel, plane.data());
      alter(plane.data(), pictures_.rows, pictures_.columns, alteration, 0, out);
      out += plane.size();
    }
  }
  return batch;
}

Batches::Batches(const Pictures& pictures, const PixelScale& scale, std::vector<std::int64_t> order,
                 std::int64_t size)
    : make_(pictures, scale), order_(std::move(order)), size_(size) {}

Batches::Batches(const Pictures& pictures, const PixelScale& scale, std::int64_t size)
    : Batches(pictures, scale, counting_order(pictures.count), size) {}

std::span<const std::int64_t> Batches::indices(std::int64_t index) const {
  const auto first = index * size_;
  return std::span(order_).subspan(static_cast<std::size_t>(first),
                                   static_cast<std::size_t>(std::min(size_, pictures() - first)));
}

}  // namespace evenkeel::data
