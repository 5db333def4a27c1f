#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string_view>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/state_dict.h"
#include "files/atomic_file.h"
#include "files/file_error.h"
#include "model_files/model_file.h"
#include "model_files/state_dict_file.h"

namespace evenkeel {
namespace {

using model_files::NamedTensors;
using model_files::StateDict;

// Of a module that torch.compile has wrapped; it can stand before any part of a name.
std::string without_compiled(std::string name) {
  constexpr std::string_view kCompiled = "_orig_mod.";
  for (auto at = name.find(kCompiled); at != std::string::npos; at = name.find(kCompiled))
    name.erase(at, kCompiled.size());
  return name;
}

bool all_start_with(const NamedTensors& tensors, std::string_view prefix) {
  return !tensors.is_empty() && std::all_of(tensors.begin(), tensors.end(),
                                            [&](const auto& item) { return item.key().starts_with(prefix); });
}

bool any_starts_with(const NamedTensors& tensors, std::string_view prefix) {
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const auto& item) { return item.key().starts_with(prefix); });
}

NamedTensors renamed(const NamedTensors& tensors,
                     const std::function<std::string(const std::string&)>& rename) {
  NamedTensors result("tensor");
  for (const auto& item : tensors) {
    const auto name = rename(item.key());
    if (result.contains(name))
      throw std::runtime_error(fmt::format("expected one tensor \"{}\", found two", name));
    result.insert(name, item.value());
  }
  return result;
}

// Renames the source as the target has it, and returns what all of its names began with.
std::string remove_wrappers(StateDict& source, const NamedTensors& target) {
  const auto rename = [&](const auto& change) {
    source.tensors = renamed(source.tensors, change);
    for (auto& module : source.modules) module.name = change(module.name);
  };
  std::string removed;
  if (!std::any_of(target.begin(), target.end(),
                   [](const auto& item) { return item.key().find("_orig_mod.") != std::string::npos; })) {
    if (all_start_with(source.tensors, "_orig_mod.")) removed = "_orig_mod.";
    rename(without_compiled);
  }
  for (const std::string prefix : {"module.", "model."}) {
    if (!all_start_with(source.tensors, prefix) || any_starts_with(target, prefix)) continue;
    removed += prefix;
    // The metadata of the wrapped module itself has the prefix without its dot, that of the wrapper nothing.
    rename([&](const std::string& name) {
      if (name.starts_with(prefix)) return name.substr(prefix.size());
      return name + "." == prefix ? std::string() : name;
    });
  }
  return removed;
}

void check_fits(const std::string& name, const torch::Tensor& target, const torch::Tensor& source) {
  const bool convertible = target.scalar_type() == source.scalar_type() ||
                           (target.is_floating_point() && source.is_floating_point());
  if (target.sizes() != source.sizes() || !convertible)
    throw std::runtime_error(fmt::format("\"{}\": expected {}, found {}", name, model_files::describe(target),
                                         model_files::describe(source)));
}

std::string first_and_count(const std::vector<std::string>& names) {
  return names.size() == 1 ? fmt::format("\"{}\"", names.front())
                           : fmt::format("\"{}\" and {} more", names.front(), names.size() - 1);
}

void check_complete(const LoadReport& report) {
  std::string found;
  if (!report.missing.empty()) found = fmt::format("no {}", first_and_count(report.missing));
  if (!report.unexpected.empty())
    found +=
        fmt::format("{}the unknown {}", found.empty() ? "" : " but ", first_and_count(report.unexpected));
  if (!found.empty()) throw std::runtime_error("expected the module's tensors and no others, found " + found);
}

struct FrozenLayer {
  BatchNormLayer& layer;
  Frozen frozen;
};

std::vector<FrozenLayer> frozen_layers(torch::nn::Module& module,
                                       const std::vector<model_files::ModuleMetadata>& modules) {
  std::vector<FrozenLayer> found;
  for (const auto& [name, layer] : batch_norms(module)) {
    for (const auto& metadata : modules) {
      if (metadata.name != name || !metadata.frozen) continue;
      const auto frozen = Frozen::from_bits(*metadata.frozen);
      if (frozen.mode && !layer.running_mean.defined())
        throw std::runtime_error(fmt::format(
            "\"{}\": expected running statistics to freeze the mode of a layer, found a layer without",
            name));
      found.push_back({layer, frozen});
    }
  }
  return found;
}

LoadReport load(torch::nn::Module& module, StateDict source, const LoadOptions& options) {
  constexpr std::string_view kCounter = "num_batches_tracked";
  const auto target = model_files::state_dict(module).tensors;
  LoadReport report;
  report.removed_prefix = remove_wrappers(source, target);
  for (const auto& item : target) {
    if (const auto* given = source.tensors.find(item.key()))
      check_fits(item.key(), item.value(), *given);
    else
      (item.key().ends_with(kCounter) ? report.counters : report.missing).push_back(item.key());
  }
  for (const auto& item : source.tensors)
    if (!target.contains(item.key())) report.unexpected.push_back(item.key());
  if (options.strict) check_complete(report);
  const auto frozen = frozen_layers(module, source.modules);

  const torch::NoGradGuard no_grad;
  for (const auto& item : target)
    if (const auto* given = source.tensors.find(item.key())) item.value().copy_(*given);
  for (const auto& name : report.counters) target[name].zero_();
  for (const auto& [layer, parts] : frozen) layer.set_frozen(parts);
  return report;
}

}  // namespace

LoadReport load_state_dict(torch::nn::Module& module, const std::filesystem::path& path,
                           const LoadOptions& options) {
  auto file = model_files::read_model_file(path, options.entry);
  try {
    const auto target = model_files::state_dict(module).tensors;
    for (const auto& [name, what] : file.skipped)
      if (target.contains(name))
        throw std::runtime_error(fmt::format("\"{}\": expected a tensor of numbers, found {}", name, what));
    auto report = load(module, std::move(file.state), options);
    report.entry = file.entry;
    return report;
  } catch (const std::exception& error) {
    throw files::FileError(path, error);
  }
}

LoadReport load_state_dict(torch::nn::Module& module,
                           const torch::OrderedDict<std::string, torch::Tensor>& tensors,
                           const LoadOptions& options) {
  StateDict source;
  source.tensors = tensors;
  return load(module, std::move(source), options);
}

void save_state_dict(const torch::nn::Module& module, const std::filesystem::path& path) {
  files::write_file_atomically(path, model_files::encode_state_dict(model_files::state_dict(module)));
}

}  // namespace evenkeel
