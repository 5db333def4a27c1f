// What one training run is: everything that decides its result, as config.json keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/pixel_scale.h"
#include "models/model.h"
#include "training/settings.h"

namespace evenkeel::training {

// As it stands here: the digit network's.
struct TrainConfig : models::ModelConfig {
  std::string data = "digits";  // as data_set.h names it, with an absolute folder
  std::int64_t epochs = 10;
  std::int64_t batch_size = 64;
  OptimiserKind optimiser = OptimiserKind::kAdam;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::kConstant;
  double momentum = 0;      // SGD's
  double weight_decay = 0;  // SGD's, on every parameter, of a loss that is a mean
  bool augment = false;     // augmentation.h
  std::uint64_t seed = 1;
  std::int64_t limit_pictures = 0;      // train on the first of them alone; 0: on all
  std::int64_t limit_steps = 0;         // stop after that many steps; 0: no limit
  std::int64_t checkpoint_every = 500;  // steps; there is also one after each epoch
  int threads = 1;
  data::PixelScale pixels;
};

// What a model is trained with unless something else is asked for: ResNet-9 as published.
TrainConfig default_config(models::Model model);

// Of `available` pictures, how many the run trains on.
std::int64_t training_pictures(const TrainConfig& config, std::int64_t available);

// Throws std::runtime_error with one line when a value makes no sense.
void check(const TrainConfig& config);

void write_config(const std::filesystem::path& path, const TrainConfig& config);

// Throws std::runtime_error with one line for a file that is missing, damaged or incomplete.
TrainConfig read_config(const std::filesystem::path& path);

}  // namespace evenkeel::training
