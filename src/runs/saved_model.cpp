#include "runs/saved_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "files/atomic_file.h"
#include "model_files/state_dict_file.h"

namespace evenkeel::runs {
namespace {

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
  const auto read = model_files::read_state_dict(path);
  if (!has_tensors_of_norms(read.tensors, config)) config.norm = models::Norm::kNone;
  auto network = models::make_network(config);
  try {
    model_files::copy_tensors(model_files::state_dict(*network).tensors, read.tensors);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return network;
}

void recognise_model(const std::filesystem::path& path, training::TrainConfig& config) {
  const auto read = model_files::read_state_dict(path);
  const auto* first = read.tensors.find("prep.conv.weight");
  config.model = first == nullptr ? models::Model::kDigits : models::Model::kResNet9;
  if (first == nullptr || first->dim() == 0) return;
  config.width = std::clamp<std::int64_t>(first->size(0), 1, models::kMostWidth);
}

}  // namespace evenkeel::runs
