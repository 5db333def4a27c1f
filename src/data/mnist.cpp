#include "data/mnist.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "data/idx_file.h"

namespace evenkeel::data {
namespace {

namespace fs = std::filesystem;

// The file `stem`-`type` under whichever of its names is there; a plain file goes before a gzipped one.
fs::path find(const fs::path& folder, const std::string& stem, const std::string& type) {
  for (const char* ending : {"", ".gz"}) {
    for (const char* separator : {"-", "."}) {
      fs::path file = folder / fmt::format("{}{}{}{}", stem, separator, type, ending);
      std::error_code error;
      if (fs::exists(file, error)) return file;
    }
  }
  throw std::runtime_error(fmt::format("{}: expected a file {}-{} or {}-{}.gz, found neither",
                                       folder.string(), stem, type, stem, type));
}

Pictures read_part(const fs::path& folder, const std::string& part) {
  // Both are looked for before the big one is read.
  const fs::path pictures_file = find(folder, part + "-images", "idx3-ubyte");
  const fs::path labels_file = find(folder, part + "-labels", "idx1-ubyte");
  Pictures pictures = read_idx_pictures(pictures_file);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_file);
  if (labels.size() != static_cast<std::size_t>(pictures.count)) {
    throw std::runtime_error(fmt::format("{}: expected {} labels, one for each picture in {}, found {}",
                                         labels_file.string(), pictures.count,
                                         pictures_file.filename().string(), labels.size()));
  }
  pictures.labels = std::move(labels);
  return pictures;
}

}  // namespace

DataSet read_mnist(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    const char* found = fs::exists(folder, error) ? "something else" : "nothing of that name";
    throw std::runtime_error(
        fmt::format("{}: expected a folder with the MNIST files, found {}", folder.string(), found));
  }
  DataSet set;
  set.train = read_part(folder, "train");
  set.test = read_part(folder, "t10k");
  if (set.test.rows != set.train.rows || set.test.columns != set.train.columns) {
    throw std::runtime_error(
        fmt::format("{}: expected test pictures of {} x {} as in training, found {} x {}", folder.string(),
                    set.train.rows, set.train.columns, set.test.rows, set.test.columns));
  }
  return set;
}

}  // namespace evenkeel::data
