#include "fuzz/entry_points.h"

#include <sys/mman.h>
#include <torch/torch.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "data/idx_file.h"
#include "evenkeel/inspect.h"
#include "evenkeel/state_dict.h"
#include "model_files/model_file.h"
#include "model_files/pickle_reader.h"
#include "model_files/state_dict_file.h"
#include "runs/metrics.h"
#include "runs/run_folder.h"
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

torch::Tensor load_small_storage(std::string_view, torch::ScalarType dtype, std::int64_t count) {
  constexpr std::int64_t kMost = 64;
  if (count > kMost) throw std::runtime_error("expected a small storage");
  return torch::zeros({count}, dtype);
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

// Whoever gave the path makes these errors one line.
bool read_any_pickle(std::string_view bytes) try {
  model_files::find_model(model_files::read_pickle(bytes, load_small_storage));
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
