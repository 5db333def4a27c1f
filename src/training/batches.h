// From pictures in memory to the tensors of one step.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "training/config.h"
#include "training/data/data_set.h"

namespace evenkeel::training {

// Sets pixel_mean and pixel_deviation to those of the pictures that the run trains on, rounded to four decimals (MNIST:
// 0.1307 and 0.3081).
void measure_pixels(const Pictures& pictures, TrainConfig& config);

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
  // Keeps a reference to the pictures. They have as many channels as the configuration has pixel means.
  BatchMaker(const Pictures& pictures, const TrainConfig& config);

  Batch operator()(std::span<const std::int64_t> indices) const;

  // Each picture altered (augmentation.h); the first stands at `first_place` in the order of the epoch. What is cut out
  // is 0, the mean.
  Batch altered(std::span<const std::int64_t> indices, std::int64_t epoch, std::int64_t first_place) const;

 private:
  Batch empty_batch(std::span<const std::int64_t> indices) const;
  float* write_plane(std::int64_t index, std::size_t channel, float* out) const;

  const Pictures& pictures_;
  std::uint64_t seed_;
  std::vector<std::array<float, 256>> normalised_;  // of each channel and pixel value
};

}  // namespace evenkeel::training
