// evaluation.json: how the network of a run did on the test pictures, and what its batch norms held then. All that the run's page shows
// beside config.json, metrics.jsonl and summary.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "report/report.h"

namespace evenkeel::runs {

struct RunEvaluation {
  std::int64_t epoch = 0;           // after which it was made, from 1
  double seconds = 0;               // of training until then
  std::int64_t training_count = 0;  // pictures that the run trains on
  report::TestResult test;
  std::vector<report::LayerState> layers;
};

// Atomically.
void write_evaluation(const std::filesystem::path& path, const RunEvaluation& evaluation);

// Throws std::runtime_error with one line for a file that is missing, damaged or contradicts itself.
RunEvaluation read_evaluation(const std::filesystem::path& path);

}  // namespace evenkeel::runs
