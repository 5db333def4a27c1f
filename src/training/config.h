// What one training run is: everything that decides its result, as config.json keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "training/norms/norm.h"

namespace evenkeel::training {

struct TrainConfig {
  Norm norm = Norm::kBatch;
  std::string data = "digits";  // as data_set.h names it, with an absolute folder
  std::int64_t epochs = 10;
  std::int64_t batch_size = 64;
  double learning_rate = 1e-3;
  std::uint64_t seed = 1;
  std::int64_t limit_steps = 0;         // stop after that many steps; 0: no limit
  std::int64_t checkpoint_every = 500;  // steps; there is also one after each epoch
  int threads = 1;
  // A pixel p in 0..255 goes into the network as (p / 255 - mean) / deviation.
  double pixel_mean = 0;
  double pixel_deviation = 1;
};

// Throws std::runtime_error with one line when a value makes no sense.
void check(const TrainConfig& config);

void write_config(const std::filesystem::path& path, const TrainConfig& config);

// Throws std::runtime_error with one line for a file that is missing, damaged or incomplete.
TrainConfig read_config(const std::filesystem::path& path);

}  // namespace evenkeel::training
