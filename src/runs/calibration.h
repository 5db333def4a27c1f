// Population statistics for a trained network, and what they change.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/data_set.h"
#include "runs/run_folder.h"
#include "training/config.h"
#include "training/evaluation.h"

namespace evenkeel::models {
class Network;
}

namespace evenkeel::runs {

struct CalibrationSettings {
  std::int64_t batch_size = 250;
  std::int64_t batches = 0;  // of that many pictures, drawn by the run's seed; 0: all pictures
  bool one_pass = false;     // faster and less exact: population_statistics.h
};

// How the running statistics of a layer moved, in the terms of the population's.
struct LayerChange {
  std::string name;
  std::int64_t channels = 0;
  double mean_shift = 0;  // root mean square over the channels of (new - old mean) / deviation
  double variance_ratio =
      0;  // exp of the root mean square of log(new / old variance): 1 is no change, 2 twice or half
};

struct Calibration {
  std::int64_t pictures = 0;
  std::int64_t batches = 0;
  std::vector<LayerChange> layers;  // in the order in which the network calls them
  training::Evaluation before;
  training::Evaluation after;

  double gain() const { return after.accuracy() - before.accuracy(); }
  // Two standard deviations of the gain if neither were better. Both saw the same pictures, so only those count that one of them alone
  // recognised: of n of them, each for one or the other by chance, the difference varies by sqrt(n).
  double noise() const;
};

// Told how many batches have gone through the network, of how many.
using CalibrationProgress = std::function<void(std::int64_t done, std::int64_t all)>;

// Gives the network population statistics from the pictures of data.train that the run trains on, and
// evaluates it on data.test before and after. Throws std::runtime_error with one line for settings that make no
// sense or a network without batch norm.
Calibration calibrate(models::Network& network, const data::DataSet& data,
                      const training::TrainConfig& config, const CalibrationSettings& settings,
                      const CalibrationProgress& progress);

// The model.pt of a run, on the pictures of the data set of that name, with that many threads of LibTorch's pool; writes the network to
// `file`. Throws std::runtime_error with one line as `calibrate` does, and for a run without batch norm.
Calibration calibrate_run(const RunFolder& folder, const std::string& data, const std::filesystem::path& file,
                          const CalibrationSettings& settings, int threads,
                          const CalibrationProgress& progress);

}  // namespace evenkeel::runs
