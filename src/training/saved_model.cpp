#include "training/saved_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "lifecycle/atomic_file.h"
#include "lifecycle/state_dict_file.h"

namespace evenkeel::training {
namespace {

// Whether there is any tensor that the network of the run has because of its norms.
bool has_tensors_of_norms(const lifecycle::NamedTensors& tensors, const TrainConfig& config) {
  auto without = config;
  without.norm = Norm::kNone;
  const auto all = lifecycle::state_dict(*make_network(config)).tensors;
  const auto others = lifecycle::state_dict(*make_network(without)).tensors;
  return std::any_of(all.begin(), all.end(), [&](const auto& item) {
    return !others.contains(item.key()) && tensors.contains(item.key());
  });
}

}  // namespace

void save_model(const std::filesystem::path& path, const Network& network) {
  lifecycle::write_file_atomically(path, lifecycle::encode_state_dict(lifecycle::state_dict(network)));
}

std::shared_ptr<Network> load_model(const std::filesystem::path& path, TrainConfig config) {
  const auto read = lifecycle::read_state_dict(path);
  if (!has_tensors_of_norms(read.tensors, config)) config.norm = Norm::kNone;
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
