// Trains a run, from the beginning or from its checkpoint, and leaves everything in its folder.
#pragma once

#include <filesystem>
#include <optional>

#include "data/data_set.h"
#include "runs/run_folder.h"
#include "training/config.h"
#include "training/status.h"

namespace evenkeel::runs {

// Watches a run, and may ask it to stop. Called on the thread that trains.
class TrainingMonitor {
 public:
  virtual ~TrainingMonitor() = default;
  virtual void after_step(const training::TrainingStatus& status) = 0;
  // Also when the step limit ends an epoch early.
  virtual void after_epoch(const training::TrainingStatus& status) = 0;
  virtual bool stop_requested() = 0;
};

// Makes the folder of a new run, with its config.json. Throws std::runtime_error with one line when a setting
// makes no sense, the network cannot take the pictures, or the folder is not empty.
RunFolder start_run(const std::filesystem::path& path, training::TrainConfig config,
                    const data::DataSet& data);

// Starts the run that folder/config.json describes, or goes on from folder/checkpoint.pt. Returns nothing
// when the monitor asked it to stop: the checkpoint is then up to date. At the end model.pt and summary.json
// are written, evaluation.json after each epoch. Uses `threads` threads of LibTorch's pool. Same config and data, same machine: the same
// weights, bit by bit, stopped in between or not. Throws std::runtime_error with one line when something in
// the folder is damaged or cannot be written.
std::optional<Summary> train_run(const RunFolder& folder, const data::DataSet& data,
                                 TrainingMonitor& monitor);

}  // namespace evenkeel::runs
