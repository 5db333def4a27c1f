#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/state_dict.h"
#include "files/atomic_file.h"
#include "files/file_error.h"
#include "model_files/model_file.h"
#include "model_files/state_dict.h"
#include "model_files/state_dict_file.h"
#include "model_files/tensor_maker.h"

namespace evenkeel {
namespace {

using model_files::NamedTensors;

constexpr std::string_view kCounter = "num_batches_tracked";

// A tensor to load, made when it is known to be wanted.
struct Offered {
  std::string name;
  std::function<torch::Tensor()> make;
};

struct Source {
  std::vector<Offered> tensors;
  std::vector<model_files::ModuleMetadata> modules;
};

// Of a module that torch.compile has wrapped; it can stand before any part of a name.
constexpr std::string_view kCompiled = "_orig_mod.";

std::string without_compiled(std::string name) {
  for (auto at = name.find(kCompiled); at != std::string::npos; at = name.find(kCompiled))
    name.erase(at, kCompiled.size());
  return name;
}

void rename(Source& source, const std::function<std::string(const std::string&)>& change) {
  std::set<std::string> known;
  for (auto& tensor : source.tensors) {
    tensor.name = change(tensor.name);
    if (!known.insert(tensor.name).second)
      throw std::runtime_error(fmt::format("expected one tensor \"{}\", found two", tensor.name));
  }
  for (auto& module : source.modules) module.name = change(module.name);
}

// What stands before the module's names in the file, if taking it off makes more of them fit, and most of the module's.
std::string find_prefix(const Source& source, const NamedTensors& target) {
  std::size_t fitting = 0;
  std::map<std::string, std::size_t> counts;
  for (const auto& [name, make] : source.tensors) {
    if (target.contains(name)) ++fitting;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
      if (target.contains(name.substr(dot + 1))) ++counts[name.substr(0, dot + 1)];
  }
  std::string best;
  for (const auto& [prefix, count] : counts) {
    if (count < fitting || 2 * count <= target.size()) continue;
    best = count > fitting ? prefix : "";  // of two models in one file, neither is the one that is meant
    fitting = count;
  }
  return best;
}

// Renames the source as the target has it, and returns what its names began with.
std::string remove_wrappers(Source& source, const NamedTensors& target) {
  std::string removed;
  const auto compiled = [](const auto& item) { return item.key().find(kCompiled) != std::string::npos; };
  if (!std::any_of(target.begin(), target.end(), compiled)) {
    const auto starts = [](const Offered& tensor) { return tensor.name.starts_with(kCompiled); };
    if (!source.tensors.empty() && std::all_of(source.tensors.begin(), source.tensors.end(), starts))
      removed = kCompiled;
    rename(source, without_compiled);
  }
  const auto prefix = find_prefix(source, target);
  if (prefix.empty()) return removed;
  // The count that torch.optim.swa_utils.AveragedModel keeps beside the module it wraps is not the module's.
  std::erase_if(source.tensors, [](const Offered& tensor) { return tensor.name == "n_averaged"; });
  // The metadata of the wrapped module itself has the prefix without its dot, that of the wrapper nothing.
  rename(source, [&](const std::string& name) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
    return name + "." == prefix ? std::string() : name;
  });
  return removed + prefix;
}

// As the target has it. Counters come as vectors of one number and of other types.
torch::Tensor fitted(const std::string& name, const torch::Tensor& target, torch::Tensor source) {
  const bool counter = name.ends_with(kCounter) && target.numel() == 1 && source.numel() == 1;
  if (counter && (!source.is_floating_point() || std::isfinite(source.to(torch::kFloat64).item<double>())))
    return source.reshape(target.sizes());
  const bool convertible = target.scalar_type() == source.scalar_type() ||
                           (target.is_floating_point() && source.is_floating_point());
  if (target.sizes() != source.sizes() || !convertible)
    throw std::runtime_error(fmt::format("\"{}\": expected {}, found {}", name, model_files::describe(target),
                                         model_files::describe(source)));
  return source;
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

LoadReport load(torch::nn::Module& module, Source source, const LoadOptions& options) {
  const auto target = model_files::state_dict(module).tensors;
  LoadReport report;
  report.removed_prefix = remove_wrappers(source, target);
  NamedTensors given("tensor");
  for (const auto& [name, make] : source.tensors) {
    if (const auto* wanted = target.find(name))
      given.insert(name, fitted(name, *wanted, make()));
    else
      report.unexpected.push_back(name);
  }
  for (const auto& item : target)
    if (!given.contains(item.key()))
      (item.key().ends_with(kCounter) ? report.counters : report.missing).push_back(item.key());
  if (options.strict) check_complete(report);
  const auto frozen = frozen_layers(module, source.modules);

  const torch::NoGradGuard no_grad;
  for (const auto& item : given) target[item.key()].copy_(item.value());
  if (options.strict)
    for (const auto& name : report.counters) target[name].zero_();
  for (const auto& [layer, parts] : frozen) layer.set_frozen(parts);
  return report;
}

// A name of the module under which the file has something else.
void check_skipped(const std::vector<model_files::SkippedEntry>& skipped, const NamedTensors& target) {
  for (const auto& [name, what] : skipped) {
    for (std::size_t begin = 0; begin != std::string::npos;) {
      if (target.contains(name.substr(begin)))
        throw std::runtime_error(fmt::format("\"{}\": expected a tensor of numbers, found {}", name, what));
      const auto dot = name.find('.', begin);
      begin = dot == std::string::npos ? dot : dot + 1;
    }
  }
}

}  // namespace

LoadReport load_state_dict(torch::nn::Module& module, const std::filesystem::path& path,
                           const LoadOptions& options) {
  auto file = model_files::read_model_file(path);
  try {
    auto dict = model_files::choose_state_dict(std::move(file), options.entry);
    check_skipped(dict.skipped, model_files::state_dict(module).tensors);
    model_files::TensorMaker make;
    Source source{{}, std::move(dict.modules)};
    for (const auto& named : dict.tensors)
      source.tensors.push_back({named.name, [&make, &named] { return make(named.tensor); }});
    auto report = load(module, std::move(source), options);
    report.entry = dict.entry;
    return report;
  } catch (const std::exception& error) {
    throw files::FileError(path, error);
  }
}

LoadReport load_state_dict(torch::nn::Module& module,
                           const torch::OrderedDict<std::string, torch::Tensor>& tensors,
                           const LoadOptions& options) {
  Source source;
  for (const auto& item : tensors)
    source.tensors.push_back({item.key(), [tensor = item.value()] { return tensor; }});
  return load(module, std::move(source), options);
}

void save_state_dict(const torch::nn::Module& module, const std::filesystem::path& path) {
  const auto state = model_files::state_dict(module);
  const bool safetensors = path.extension() == ".safetensors";
  files::write_file_atomically(
      path, safetensors ? model_files::encode_safetensors(state) : model_files::encode_state_dict(state));
}

}  // namespace evenkeel
