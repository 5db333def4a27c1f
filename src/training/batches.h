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

// Sets pixel_mean and pixel_deviation to those of the pictures, rounded to four decimals (MNIST: 0.1307 and
// 0.3081).
void measure_pixels(const Pictures& pictures, TrainConfig& config);

// The order of an epoch's pictures: a permutation of 0 .. count - 1 that depends on seed and epoch alone, and
// is the same on every machine.
std::vector<std::int64_t> shuffled_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch);

// Steps in an epoch. A last batch of one picture is left out: batch norm has no variance of one value.
std::int64_t batches_per_epoch(std::int64_t pictures, std::int64_t batch_size);

struct Batch {
  torch::Tensor pictures;  // float32 [N, 1, rows, columns], normalised
  torch::Tensor labels;    // int64 [N]
};

class BatchMaker {
 public:
  // Keeps a reference to the pictures.
  BatchMaker(const Pictures& pictures, const TrainConfig& config);

  Batch operator()(std::span<const std::int64_t> indices) const;

 private:
  const Pictures& pictures_;
  std::array<float, 256> normalised_;  // of each pixel value
};

}  // namespace evenkeel::training
