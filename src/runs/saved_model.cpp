#include "runs/saved_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "files/atomic_file.h"
#include "files/regular_file.h"
#include "model_files/state_dict_file.h"
#include "models/network.h"

namespace evenkeel::runs {
namespace {

// Those of the network: all of a model.pt, and what stands under "model." in a checkpoint, beside the optimiser's.
model_files::NamedTensors network_tensors(const std::filesystem::path& path) {
  const std::string_view part = "model.";
  files::check_regular_file(path);
  auto read = model_files::read_state_dict(path).tensors;
  if (read.find("progress.step") == nullptr) return read;
  model_files::NamedTensors tensors{"tensor"};
  for (const auto& item : read)
    if (item.key().starts_with(part)) tensors.insert(item.key().substr(part.size()), item.value());
  return tensors;
}

// Whether there is any tensor that the network of the run has because of its norms.
bool has_tensors_of_norms(const model_files::NamedTensors& tensors, const training::TrainConfig& config) {
  auto without = config;
  without.norm = models::Norm::kNone;
  const auto all = model_files::state_dict(*models::make_network(config)).tensors;
  const auto others = model_files::state_dict(*models::make_network(without)).tensors;
  return std::any_of(all.begin(), all.end(), [&](const auto& item) {
    return !others.contains(item.key()) && tensors.contains(item.key());
  });
}

}  // namespace

void save_model(const std::filesystem::path& path, const models::Network& network) {
  files::write_file_atomically(path, model_files::encode_state_dict(model_files::state_dict(network)));
}

std::shared_ptr<models::Network> load_model(const std::filesystem::path& path, training::TrainConfig config) {
  const auto tensors = network_tensors(path);
  if (!has_tensors_of_norms(tensors, config)) config.norm = models::Norm::kNone;
  auto network = models::make_network(config);
  try {
    model_files::copy_tensors(model_files::state_dict(*network).tensors, tensors);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return network;
}

void recognise_model(const std::filesystem::path& path, training::TrainConfig& config) {
  const auto tensors = network_tensors(path);
  const auto* first = tensors.find("prep.conv.weight");
  config.model = first == nullptr ? models::Model::kDigits : models::Model::kResNet9;
  if (first == nullptr || first->dim() == 0) return;
  config.width = std::clamp<std::int64_t>(first->size(0), 1, models::kMostWidth);
}

}  // namespace evenkeel::runs
