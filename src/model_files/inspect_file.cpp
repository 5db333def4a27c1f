// The batch norms of a file. Needs no LibTorch.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>

#include "evenkeel/inspect.h"
#include "files/file_error.h"
#include "model_files/model_file.h"
#include "model_files/norm_states.h"

namespace evenkeel {
namespace {

using model_files::ModelFile;
using model_files::NormValue;

std::string joined(const std::string& entry, const std::string& name) {
  return entry.empty() || name.empty() ? entry + name : entry + "." + name;
}

std::vector<NormValue> values_in(const ModelFile& file) {
  std::vector<NormValue> values;
  for (const auto& dict : file.dicts) {
    for (const auto& named : dict.tensors) {
      const auto& tensor = named.tensor;
      values.push_back({joined(dict.entry, named.name), tensor.sizes,
                        model_files::is_floating_point(tensor.type), model_files::describe(tensor), "",
                        [&tensor] { return model_files::values_of(tensor); }});
    }
    for (const auto& [name, what] : dict.skipped)
      values.push_back({joined(dict.entry, name), {}, false, what, what, {}});
  }
  return values;
}

// The entry that all layers are in: the longest one with a part of every name left behind it.
std::string common_entry(const ModelFile& file, const std::vector<LayerInspection>& layers) {
  std::string common;
  for (const auto& dict : file.dicts) {
    const auto in_it = [&](const LayerInspection& layer) {
      return layer.state.name.starts_with(dict.entry + ".");
    };
    if (dict.entry.size() > common.size() && std::all_of(layers.begin(), layers.end(), in_it))
      common = dict.entry;
  }
  return layers.empty() ? "" : common;
}

void keep_entry(ModelFile& file, const std::string& entry) {
  std::erase_if(file.dicts, [&](const auto& dict) {
    return dict.entry != entry && !dict.entry.starts_with(entry + ".");
  });
  if (file.dicts.empty())
    throw std::runtime_error(fmt::format("expected tensors in the entry \"{}\", found none", entry));
}

void set_settings(const ModelFile& file, const InspectOptions& options,
                  std::vector<LayerInspection>& layers) {
  std::map<std::string, model_files::ModuleSettings> known;
  for (const auto& dict : file.dicts)
    for (const auto& settings : dict.settings) known.emplace(joined(dict.entry, settings.module), settings);
  for (auto& layer : layers) {
    auto& state = layer.state;
    if (const auto found = known.find(state.name); found != known.end()) {
      state.settings_assumed = !found->second.eps || !found->second.momentum;
      state.eps = found->second.eps.value_or(state.eps);
      state.momentum = found->second.momentum.value_or(state.momentum);
    }
    if (options.eps && options.momentum) state.settings_assumed = false;
    state.eps = options.eps.value_or(state.eps);
    state.momentum = options.momentum.value_or(state.momentum);
  }
}

std::string describe(const ModelFile& file, const std::string& entry) {
  const bool whole = entry.empty() && !file.dicts.empty() && !file.dicts.front().tensors.empty();
  if (file.kind == "checkpoint" && whole) return "state dict";
  return entry.empty() ? file.kind : fmt::format("{}, entry \"{}\"", file.kind, entry);
}

void check_options(const InspectOptions& options) {
  if (options.eps && !(*options.eps >= 0 && *options.eps < 1e30))
    throw std::runtime_error(fmt::format("[inspect] expected an eps of at least 0, found {}", *options.eps));
  if (options.momentum && !(*options.momentum >= 0 && *options.momentum <= 1))
    throw std::runtime_error(
        fmt::format("[inspect] expected a momentum from 0 to 1, found {}", *options.momentum));
}

}  // namespace

Inspection inspect(const std::filesystem::path& path, const InspectOptions& options) {
  check_options(options);
  auto file = model_files::read_model_file(path);
  try {
    if (!options.entry.empty()) keep_entry(file, options.entry);
    Inspection inspection{"", model_files::find_layers(values_in(file)), {}};
    set_settings(file, options, inspection.layers);
    const auto entry = common_entry(file, inspection.layers);
    if (!entry.empty())
      for (auto& layer : inspection.layers) layer.state.name.erase(0, entry.size() + 1);
    inspection.source = fmt::format("{}: {}", path.string(), describe(file, entry));
    model_files::add_defects(inspection);
    return inspection;
  } catch (const std::exception& error) {
    throw files::FileError(path, error);
  }
}

}  // namespace evenkeel
