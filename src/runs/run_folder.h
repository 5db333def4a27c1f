// The folder that holds everything a training run produces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace evenkeel::runs {

struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path config() const { return path / "config.json"; }
  std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
  std::filesystem::path checkpoint() const { return path / "checkpoint.pt"; }
  std::filesystem::path evaluation() const { return path / "evaluation.json"; }  // once an epoch is done
  std::filesystem::path model() const { return path / "model.pt"; }  // from here on: once the run is finished
  std::filesystem::path summary() const { return path / "summary.json"; }
  std::filesystem::path report() const { return path / "report.html"; }

  std::vector<std::filesystem::path> files() const;  // all of these

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

// "begun by Evenkeel 0.1.0 with LibTorch 1.13.1, this is Evenkeel 0.1.0 with LibTorch 2.13.0"; empty where it is the same, and where the
// run does not say who began it.
std::string other_writer(const RunFolder& folder);

// Removes what killed processes have left of writing the run's files. Nothing else: other people's files end in .tmp too.
void remove_temporary_files(const RunFolder& folder);

// runs/<date-time>-<data>-<what>, with -2, -3, ... when that exists.
std::filesystem::path default_run_path(const std::string& data, const std::string& what);

}  // namespace evenkeel::runs
