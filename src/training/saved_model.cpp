#include "training/saved_model.h"

#include <fmt/format.h>

#include <stdexcept>

#include "lifecycle/atomic_file.h"
#include "lifecycle/state_dict_file.h"

namespace evenkeel::training {

void save_model(const std::filesystem::path& path, const DigitNetwork& network) {
  lifecycle::write_file_atomically(path, lifecycle::encode_state_dict(lifecycle::state_dict(*network)));
}

DigitNetwork load_model(const std::filesystem::path& path, Norm norm) {
  const auto read = lifecycle::read_state_dict(path);
  // Every norm has a weight.
  DigitNetwork network(read.tensors.contains("features.1.weight") ? norm : Norm::kNone);
  try {
    lifecycle::copy_tensors(lifecycle::state_dict(*network).tensors, read.tensors);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return network;
}

}  // namespace evenkeel::training
