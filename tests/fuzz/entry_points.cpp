#include "fuzz/entry_points.h"

#include <sys/mman.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>

#include "data/idx_file.h"
#include "evenkeel/inspect.h"
#include "evenkeel/state_dict.h"
#include "model_files/pickle_model.h"
#include "model_files/pickle_reader.h"
#include "model_files/small_files.h"
#include "model_files/state_dict_file.h"
#include "runs/metrics.h"
#include "runs/run_folder.h"
#include "temporary_folder.h"
#include "training/config.h"

namespace evenkeel::fuzz {
namespace {

// A file in memory with a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 ||
        ::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      throw std::logic_error("cannot make a file in memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// The one way in which a reader may refuse: std::runtime_error with one line.
template <typename Read>
bool accepts(const Read& read) {
  try {
    read();
    return true;
  } catch (const std::runtime_error& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      throw std::logic_error("an error of more than one line");
    return false;
  }
}

struct SmallNetwork : torch::nn::Module {
  SmallNetwork() {
    register_module("bn", torch::nn::BatchNorm2d(3));
    register_module("fc", torch::nn::Linear(3, 2));
  }
};

class SmallStorage : public model_files::Storage {
 public:
  explicit SmallStorage(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> into) override {
    if (offset > size_ || into.size() > size_ - offset) throw std::logic_error("a read outside the storage");
    std::fill(into.begin(), into.end(), std::byte{1});
  }

 private:
  std::uint64_t size_;
};

std::shared_ptr<model_files::Storage> load_small_storage(std::string_view, std::uint64_t size) {
  constexpr std::uint64_t kMost = 256;
  if (size > kMost) throw std::runtime_error("expected a small storage");
  return std::make_shared<SmallStorage>(size);
}

}  // namespace

bool read_archive(std::string_view bytes) {
  static SmallNetwork network;
  const MemoryFile file(bytes);
  const bool inspected = accepts([&] { inspect(file.path()); });
  accepts([&] { model_files::read_state_dict(file.path()); });
  accepts([&] { load_state_dict(network, file.path(), {.strict = false, .entry = ""}); });
  return inspected;
}

bool read_index(std::string_view bytes) {
  static const testing::TemporaryFolder folder;
  static const bool shard_is_there = [] {
    testing::write_file(folder.path / "shard", testing::legacy_file({1, 2, 3}));
    return true;
  }();
  const auto path = folder.path / "model.index.json";
  testing::write_file(path, std::string(bytes));
  return shard_is_there && accepts([&] { inspect(path); });
}

// Whoever gave the path makes these errors one line.
bool read_any_pickle(std::string_view bytes) try {
  const auto pickle = model_files::read_pickle(bytes, load_small_storage);
  const auto file = model_files::find_tensors(pickle);
  constexpr std::int64_t kMost = 1000;
  for (const auto& dict : file.dicts)
    for (const auto& [name, tensor] : dict.tensors)
      if (model_files::element_count(tensor) < kMost) model_files::values_of(tensor);
  model_files::choose_state_dict(file);
  return true;
} catch (const std::runtime_error&) {
  return false;
}

bool read_idx(std::string_view bytes) {
  const MemoryFile file(bytes);
  const bool pictures = accepts([&] { data::read_idx_pictures(file.path()); });
  const bool labels = accepts([&] { data::read_idx_labels(file.path()); });
  return pictures || labels;
}

bool read_json(std::string_view bytes) {
  const MemoryFile file(bytes);
  const bool config = accepts([&] { training::read_config(file.path()); });
  const bool summary = accepts([&] { runs::read_summary(file.path()); });
  const bool metrics = accepts([&] { runs::read_metrics(file.path()); });
  return config || summary || metrics;
}

}  // namespace evenkeel::fuzz
