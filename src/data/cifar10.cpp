#include "data/cifar10.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

#include "files/regular_file.h"

namespace evenkeel::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSide = 32;
constexpr std::int64_t kChannels = 3;
constexpr std::size_t kRecord = 1 + kChannels * kSide * kSide;
constexpr int kTrainingFiles = 5;

using Record = std::array<char, kRecord>;

[[noreturn]] void refuse(const fs::path& path, const std::string& expected, const std::string& found) {
  throw std::runtime_error(fmt::format("{}: expected {}, found {}", path.string(), expected, found));
}

void append(const Record& record, const fs::path& path, std::int64_t number, const DataSet& set,
            Pictures& pictures) {
  const auto label = static_cast<std::uint8_t>(record.front());
  if (label >= set.classes)
    refuse(path, fmt::format("labels from 0 to {}", set.classes - 1),
           fmt::format("{} in record number {}", label, number));
  pictures.labels.push_back(label);
  pictures.pixels.insert(pictures.pixels.end(), record.begin() + 1, record.end());
  ++pictures.count;
}

void append_file(const fs::path& path, const DataSet& set, Pictures& pictures) {
  files::check_regular_file(path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(path, "a readable file", std::strerror(errno));
  Record record;
  std::int64_t number = 0;
  while (file.read(record.data(), record.size())) append(record, path, ++number, set, pictures);
  if (!file.eof()) refuse(path, "a readable file", std::strerror(errno));
  const auto rest = static_cast<std::size_t>(file.gcount());
  const std::string expected = fmt::format("records of {} bytes", kRecord);
  if (rest > 0) refuse(path, expected, fmt::format("{} bytes after the last of {}", rest, number));
  if (number == 0) refuse(path, expected, "an empty file");
}

}  // namespace

DataSet read_cifar10(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    refuse(folder, "a folder with the CIFAR-10 files",
           fs::exists(folder, error) ? "something else" : "nothing of that name");
  DataSet set;
  set.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                     "dog",      "frog",       "horse", "ship", "truck"};
  for (auto* pictures : {&set.train, &set.test}) {
    pictures->rows = pictures->columns = kSide;
    pictures->channels = kChannels;
  }
  for (int i = 1; i <= kTrainingFiles; ++i)
    append_file(folder / fmt::format("data_batch_{}.bin", i), set, set.train);
  append_file(folder / "test_batch.bin", set, set.test);
  return set;
}

}  // namespace evenkeel::data
