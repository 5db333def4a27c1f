#include "runs/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "files/file_error.h"

namespace evenkeel::runs {
namespace {

// Asked for an integer, the library would convert a number with a fraction, whatever its size.
std::int64_t count(const nlohmann::json& json, const char* key) {
  const auto& value = json.at(key);
  const auto integer = value.is_number_integer() ? value.get<std::int64_t>() : -1;
  if (integer < 0) throw std::invalid_argument(key);
  return integer;
}

MetricsRecord to_record(const nlohmann::json& json) {
  MetricsRecord record;
  record.step = count(json, "step");
  record.epoch = count(json, "epoch");
  // A loss that is no longer a number is null.
  record.train_loss = json.at("train_loss").is_null() ? std::numeric_limits<double>::quiet_NaN()
                                                      : json.at("train_loss").get<double>();
  if (!json.at("test_accuracy").is_null()) record.test_accuracy = json.at("test_accuracy").get<double>();
  record.seconds = json.at("seconds").get<double>();
  return record;
}

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path, std::int64_t keep_bytes)
    : path_(std::move(path)), size_(keep_bytes) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) files::fail_to_write(path_, errno);
  const auto found = ::lseek(descriptor_, 0, SEEK_END);
  const bool long_enough = found >= keep_bytes;
  const bool cut = found > keep_bytes && ::ftruncate(descriptor_, keep_bytes) == 0;
  if ((cut || found == keep_bytes) && ::lseek(descriptor_, 0, SEEK_END) == keep_bytes) return;
  const int error = errno;
  ::close(descriptor_);
  if (!long_enough)
    throw std::runtime_error(fmt::format("{}: expected at least {} bytes, as the checkpoint says, found {}",
                                         path_.string(), keep_bytes, found));
  files::fail_to_write(path_, error);
}

MetricsFile::~MetricsFile() { ::close(descriptor_); }

void MetricsFile::append(const MetricsRecord& record) {
  const nlohmann::ordered_json json{
      {"step", record.step},
      {"epoch", record.epoch},
      {"train_loss", record.train_loss},
      {"test_accuracy", record.test_accuracy ? nlohmann::ordered_json(*record.test_accuracy) : nullptr},
      {"seconds", record.seconds}};
  const std::string line = json.dump() + '\n';
  const auto written = ::write(descriptor_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) files::fail_to_write(path_, written < 0 ? errno : ENOSPC);
  size_ += written;
}

std::int64_t MetricsFile::flush() {
  if (::fsync(descriptor_) != 0) files::fail_to_write(path_, errno);
  return size_;
}

std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error(fmt::format("{}: expected a file that can be read, found none", path.string()));
  std::vector<MetricsRecord> records;
  for (std::string line; std::getline(file, line);) {
    try {
      records.push_back(to_record(nlohmann::json::parse(line)));
    } catch (const std::exception&) {
      throw std::runtime_error(fmt::format("{}: expected a record on line {}, found something else",
                                           path.string(), records.size() + 1));
    }
  }
  return records;
}

}  // namespace evenkeel::runs
