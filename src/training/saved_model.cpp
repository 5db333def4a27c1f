#include "training/saved_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "lifecycle/atomic_file.h"
#include "lifecycle/state_dict_file.h"

namespace evenkeel::training {

namespace {

bool has_running_statistics(const lifecycle::NamedTensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const auto& item) { return item.key().ends_with(".running_mean"); });
}

}  // namespace

void save_model(const std::filesystem::path& path, const Network& network) {
  lifecycle::write_file_atomically(path, lifecycle::encode_state_dict(lifecycle::state_dict(network)));
}

std::shared_ptr<Network> load_model(const std::filesystem::path& path, TrainConfig config) {
  const auto read = lifecycle::read_state_dict(path);
  // LibTorch's batch norm and Evenkeel's have the same names, and compute the same.
  config.norm = has_running_statistics(read.tensors) ? Norm::kBatch : Norm::kNone;
  auto network = make_network(config);
  try {
    lifecycle::copy_tensors(lifecycle::state_dict(*network).tensors, read.tensors);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return network;
}

void recognise_model(const std::filesystem::path& path, TrainConfig& config) {
  const auto read = lifecycle::read_state_dict(path);
  const auto* first = read.tensors.find("prep.conv.weight");
  config.model = first == nullptr ? Model::kDigits : Model::kResNet9;
  if (first == nullptr || first->dim() == 0) return;
  config.width = std::clamp<std::int64_t>(first->size(0), 1, kMostWidth);
}

}  // namespace evenkeel::training
