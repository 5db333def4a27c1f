#include "evenkeel/inspect.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <stdexcept>

#include "evenkeel/batch_norm_layer.h"
#include "files/file_error.h"
#include "libtorch/tensor_values.h"
#include "model_files/model_file.h"

namespace evenkeel {
namespace {

using model_files::ModelFile;
using model_files::NamedTensors;

// The tensor's values if it is there and is one number for each channel; parameters of another kind of layer are not.
std::vector<double> channel_values(const NamedTensors& tensors, const std::string& name,
                                   std::int64_t channels) {
  const auto* tensor = tensors.find(name);
  if (tensor == nullptr || tensor->dim() != 1 || tensor->size(0) != channels) return {};
  return libtorch::values_of(*tensor);
}

// Many names may stand for one tensor in a file, and each costs memory of its own here.
constexpr std::int64_t kMostChannels = std::int64_t{1} << 22;

std::vector<LayerInspection> find_layers(const NamedTensors& tensors) {
  std::int64_t all_channels = 0;
  constexpr std::string_view kMean = "running_mean";
  std::vector<LayerInspection> layers;
  for (const auto& item : tensors) {
    const auto& key = item.key();
    if (!key.ends_with(kMean)) continue;
    const auto prefix = key.substr(0, key.size() - kMean.size());
    if (!prefix.empty() && !prefix.ends_with('.')) continue;
    const auto* variance = tensors.find(prefix + "running_var");
    if (variance == nullptr || item.value().dim() != 1 || !item.value().is_floating_point()) continue;
    if (variance->sizes() != item.value().sizes())
      throw std::runtime_error(
          fmt::format("\"{}running_var\": expected as many values as running_mean, {}, found {}", prefix,
                      item.value().numel(), variance->numel()));
    const auto channels = item.value().size(0);
    all_channels += channels;
    if (all_channels > kMostChannels)
      throw std::runtime_error(
          fmt::format("expected at most {} channels in all batch norms, found more", kMostChannels));
    BatchNormState state;
    state.name = prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1);
    state.running_mean = libtorch::values_of(item.value());
    state.running_var = libtorch::values_of(*variance);
    state.weight = channel_values(tensors, prefix + "weight", channels);
    state.bias = channel_values(tensors, prefix + "bias", channels);
    const auto* counter = tensors.find(prefix + "num_batches_tracked");
    if (counter != nullptr && counter->numel() == 1)
      state.batches_tracked = counter->to(torch::kInt64).item<std::int64_t>();
    layers.push_back({std::move(state), {}, {}});
  }
  return layers;
}

Inspection finish(std::string source, std::vector<LayerInspection> layers) {
  for (auto& layer : layers) layer.findings = find_defects(layer.state);
  return {std::move(source), std::move(layers), {}};
}

std::string describe(const ModelFile& file) {
  switch (file.kind) {
    case ModelFile::Kind::kStateDict:
      return "state dict";
    case ModelFile::Kind::kCheckpoint:
      return file.entry.empty() ? "checkpoint" : fmt::format("checkpoint, entry \"{}\"", file.entry);
    case ModelFile::Kind::kTorchScript:
      return "TorchScript";
  }
  throw std::logic_error("a kind of file without a name");
}

}  // namespace

Inspection inspect(const std::filesystem::path& path) try {
  const auto file = model_files::read_model_file(path);
  auto layers = find_layers(file.state.tensors);
  for (auto& layer : layers) {
    for (const auto& settings : file.settings) {
      if (settings.module != layer.state.name) continue;
      layer.state.eps = settings.eps.value_or(layer.state.eps);
      layer.state.momentum = settings.momentum.value_or(layer.state.momentum);
    }
  }
  return finish(fmt::format("{}: {}", path.string(), describe(file)), std::move(layers));
} catch (const files::FileError&) {
  throw;
} catch (const std::exception& error) {
  throw files::FileError(path, error);
}

Inspection inspect(const torch::nn::Module& network) {
  auto layers = find_layers(model_files::state_dict(network).tensors);
  for (const auto& module : network.named_modules()) {
    const auto* norm = dynamic_cast<const BatchNormLayer*>(module.value().get());
    if (norm == nullptr) continue;
    for (auto& layer : layers) {
      if (layer.state.name != module.key()) continue;
      layer.state.eps = norm->options.eps();
      layer.state.momentum = norm->options.momentum().value_or(0);
    }
  }
  return finish("network", std::move(layers));
}

}  // namespace evenkeel
