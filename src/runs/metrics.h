// metrics.jsonl: how the training went, one JSON object on each line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace evenkeel::runs {

struct MetricsRecord {
  std::int64_t step = 0;                // steps done
  std::int64_t epoch = 0;               // from 1
  double train_loss = 0;                // mean over the steps since the record before
  std::optional<double> test_accuracy;  // 0 to 1, after an epoch; otherwise null in the file
  double seconds = 0;  // since the start, without the time between an interruption and the resumption
};

// Appends records to the file.
class MetricsFile {
 public:
  // Cuts an existing file back to its first `keep_bytes` bytes, the ones a checkpoint vouches for. Throws
  // std::runtime_error with one line when there are fewer, or when the file cannot be written.
  MetricsFile(std::filesystem::path path, std::int64_t keep_bytes);
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;
  ~MetricsFile();

  void append(const MetricsRecord& record);

  // Flushes to the disk and returns the size in bytes.
  std::int64_t flush();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

// Throws std::runtime_error with one line for a file that is missing or a line that is no record.
std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path);

}  // namespace evenkeel::runs
