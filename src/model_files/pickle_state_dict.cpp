#include "model_files/pickle_state_dict.h"

#include <fmt/format.h>

#include <stdexcept>
#include <variant>

namespace evenkeel::model_files {
namespace {

const PickleDict* as_dict(const PickleValue* value) {
  const auto* dict = value == nullptr ? nullptr : std::get_if<PickleDict*>(value);
  return dict == nullptr ? nullptr : *dict;
}

std::optional<std::int64_t> as_integer(const PickleValue* value) {
  const auto* integer = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

// Anything that is not as PyTorch and Evenkeel write it is passed over: it is of use to nobody, and harms nobody.
std::vector<ModuleMetadata> modules_of(const PickleDict& dict, const std::string& prefix) {
  std::vector<ModuleMetadata> modules;
  const auto* metadata = dict.attributes == nullptr ? nullptr : as_dict(dict.attributes->find("_metadata"));
  if (metadata == nullptr) return modules;
  for (const auto& [key, value] : metadata->items) {
    const auto* name = std::get_if<std::string_view>(&key);
    const auto* entry = as_dict(&value);
    if (name == nullptr || entry == nullptr) continue;
    modules.push_back({checked_name(prefix, *name), as_integer(entry->find("version")).value_or(1),
                       as_integer(entry->find("frozen"))});
  }
  return modules;
}

}  // namespace

std::string checked_name(const std::string& prefix, std::string_view name) {
  constexpr std::size_t kLongest = 1000;
  if (prefix.size() + name.size() > kLongest)
    throw std::runtime_error(fmt::format("expected names of at most {} bytes, found one of {}", kLongest,
                                         prefix.size() + name.size()));
  return prefix + std::string(name);
}

StateDictWithRest to_state_dict(const PickleDict& dict, const std::string& prefix) {
  StateDictWithRest read;
  for (const auto& [key, value] : dict.items) {
    const auto* text = std::get_if<std::string_view>(&key);
    if (text == nullptr)
      throw std::runtime_error(fmt::format("expected text as the name of a tensor, found {}", kind_of(key)));
    const auto name = checked_name(prefix, *text);
    const auto* tensor = std::get_if<torch::Tensor>(&value);
    if (tensor == nullptr) {
      read.skipped.push_back({name, kind_of(value)});
      continue;
    }
    if (read.state.tensors.contains(name))
      throw std::runtime_error(fmt::format("expected one tensor \"{}\", found two", name));
    read.state.tensors.insert(name, *tensor);
  }
  read.state.modules = modules_of(dict, prefix);
  return read;
}

}  // namespace evenkeel::model_files
