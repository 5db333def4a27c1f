// The folder that holds everything a training run produces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace evenkeel::runs {

struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path config() const { return path / "config.json"; }
  std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
  std::filesystem::path checkpoint() const { return path / "checkpoint.pt"; }
  std::filesystem::path model() const { return path / "model.pt"; }  // from here on: once the run is finished
  std::filesystem::path summary() const { return path / "summary.json"; }
  std::filesystem::path report() const { return path / "report.html"; }

  bool has_checkpoint() const { return std::filesystem::exists(checkpoint()); }
  bool is_finished() const { return std::filesystem::exists(summary()); }
};

// What a finished run has reached.
struct Summary {
  double test_accuracy = 0;  // 0 to 1, with the running statistics
  double train_loss = 0;     // mean over the steps of the last epoch
  std::int64_t epochs = 0;   // that were begun
  std::int64_t steps = 0;
  double seconds = 0;
  std::string norm;
  std::string data;
};

void write_summary(const std::filesystem::path& path, const Summary& summary);
Summary read_summary(const std::filesystem::path& path);

// Makes the folder and its parents. Throws std::runtime_error with one line when there is something in it
// already.
RunFolder create_run_folder(const std::filesystem::path& path);

// Throws std::runtime_error with one line unless there is a run in the folder.
RunFolder open_run_folder(const std::filesystem::path& path);

// Throws std::runtime_error with one line when a run folder keeps `path`, so that writing it would damage the run.
void check_not_of_a_run(const std::filesystem::path& path);

// Removes the temporary files that killed processes have left in the folder.
void remove_temporary_files(const RunFolder& folder);

// runs/<date-time>-<data>-<what>, with -2, -3, ... when that exists.
std::filesystem::path default_run_path(const std::string& data, const std::string& what);

}  // namespace evenkeel::runs
