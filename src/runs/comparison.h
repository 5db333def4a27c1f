// One run, or two that are compared: the same training with and without batch norm.
#pragma once

#include <filesystem>
#include <vector>

#include "data/data_set.h"
#include "runs/run_folder.h"
#include "training/config.h"

namespace evenkeel::runs {

// A single run is its own folder. A comparison is a folder with config.json ({"compare": ["batch", "none"]}),
// the page that draws both, and a run folder for each, named by its norm.
struct Comparison {
  std::filesystem::path path;
  std::vector<RunFolder> folders;  // the main one first

  std::filesystem::path report() const { return path / "report.html"; }
  bool is_finished() const;
};

// Throws std::runtime_error with one line when the run itself is without batch norm.
void check_comparison(const training::TrainConfig& config);

// Throws as start_run and check_comparison do.
Comparison start_comparison(const std::filesystem::path& path, const training::TrainConfig& config,
                            const data::DataSet& data);

// What start_run or start_comparison has made. Throws std::runtime_error with one line for any other folder.
Comparison open_runs(const std::filesystem::path& path);

// The folder of one run. Throws std::runtime_error with one line for any other folder, a comparison too.
RunFolder open_single_run(const std::filesystem::path& path);

}  // namespace evenkeel::runs
