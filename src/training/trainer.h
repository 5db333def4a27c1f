// Trains the network, from the beginning or from a checkpoint, and leaves everything in the run folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "training/config.h"
#include "training/data/data_set.h"
#include "training/run_folder.h"

namespace evenkeel::training {

struct TrainingStatus {
  std::int64_t step = 0;  // done, of `steps`
  std::int64_t steps = 0;
  std::int64_t epoch = 0;  // from 1, of `epochs`
  std::int64_t epochs = 0;
  double loss = 0;                      // means over the epoch so far
  double accuracy = 0;                  // on the pictures trained on, 0 to 1
  std::optional<double> test_accuracy;  // at the end of an epoch
  double pictures_per_second = 0;
  double seconds_left = 0;
};

// Watches a run, and may ask it to stop. Called on the thread that trains.
class TrainingMonitor {
 public:
  virtual ~TrainingMonitor() = default;
  virtual void after_step(const TrainingStatus& status) = 0;
  virtual void after_epoch(const TrainingStatus& status) = 0;  // also when the step limit ends an epoch early
  virtual bool stop_requested() = 0;
};

// Makes the folder of a new run, with its config.json. Throws std::runtime_error with one line when a setting
// makes no sense, the network cannot take the pictures, or the folder is not empty.
RunFolder start_run(const std::filesystem::path& path, TrainConfig config, const DataSet& data);

// Starts the run that folder/config.json describes, or goes on from folder/checkpoint.pt. Returns nothing
// when the monitor asked it to stop: the checkpoint is then up to date. At the end model.pt and summary.json
// are written. Uses `threads` threads of LibTorch's pool. Same config and data, same machine: the same
// weights, bit by bit, stopped in between or not. Throws std::runtime_error with one line when something in
// the folder is damaged or cannot be written.
std::optional<Summary> train(const RunFolder& folder, const DataSet& data, TrainingMonitor& monitor);

}  // namespace evenkeel::training
