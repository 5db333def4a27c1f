// From pictures in memory to the tensors of one step.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "data/data_set.h"
#include "data/pixel_scale.h"

namespace evenkeel::data {

// The order of an epoch's pictures: a permutation of 0 .. count - 1 that depends on seed and epoch alone, and
// is the same on every machine.
std::vector<std::int64_t> shuffled_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch);

// Steps in an epoch. A last batch of one picture is left out: batch norm has no variance of one value.
std::int64_t batches_per_epoch(std::int64_t pictures, std::int64_t batch_size);

struct Batch {
  torch::Tensor pictures;  // float32 [N, channels, rows, columns], normalised
  torch::Tensor labels;    // int64 [N]
};

class BatchMaker {
 public:
  // Keeps a reference to the pictures. They have as many channels as the scale has.
  BatchMaker(const Pictures& pictures, const PixelScale& scale);

  Batch operator()(std::span<const std::int64_t> indices) const;

  // Each picture altered (augmentation.h); the first stands at `first_place` in the order of the epoch. What is cut out
  // is 0, the mean.
  Batch altered(std::span<const std::int64_t> indices, std::uint64_t seed, std::int64_t epoch,
                std::int64_t first_place) const;

 private:
  Batch empty_batch(std::span<const std::int64_t> indices) const;
  float* write_plane(std::int64_t index, std::size_t channel, float* out) const;

  const Pictures& pictures_;
  std::vector<std::array<float, 256>> normalised_;  // of each channel and pixel value
};

// Pictures in a certain order, cut into batches; the last one may be smaller.
class Batches {
 public:
  // Keeps a reference to the pictures.
  Batches(const Pictures& pictures, const PixelScale& scale, std::vector<std::int64_t> order,
          std::int64_t size);

  // All pictures as they stand in the set.
  Batches(const Pictures& pictures, const PixelScale& scale, std::int64_t size);

  std::int64_t count() const { return (pictures() + size_ - 1) / size_; }
  std::int64_t pictures() const { return static_cast<std::int64_t>(order_.size()); }
  Batch operator[](std::int64_t index) const { return make_(indices(index)); }
  std::span<const std::int64_t> indices(std::int64_t index) const;

 private:
  BatchMaker make_;
  std::vector<std::int64_t> order_;
  std::int64_t size_;
};

}  // namespace evenkeel::data
