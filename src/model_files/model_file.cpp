#include "model_files/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>

#include "files/file_error.h"
#include "model_files/file_storage.h"
#include "model_files/legacy_file.h"
#include "model_files/safetensors_file.h"
#include "model_files/torch_archive.h"

namespace evenkeel::model_files {
namespace {

// What most training programs call the model in their checkpoints, the likeliest first.
constexpr std::array<std::string_view, 8> kModelNames{"state_dict", "model_state_dict", "model",  "net",
                                                      "network",    "module",           "params", "weights"};

const TensorDict* find_by_name(const std::vector<TensorDict>& dicts) {
  for (const auto name : kModelNames)
    for (const auto& dict : dicts)
      if (std::string_view(dict.entry).substr(dict.entry.rfind('.') + 1) == name) return &dict;
  return nullptr;
}

// The one to take alone, or nullptr for all.
const TensorDict* choose_one(const std::vector<TensorDict>& dicts) {
  if (dicts.size() == 1) return &dicts.front();
  // A state dict can have dictionaries in it (_extra_state), and a checkpoint lone tensors beside the model.
  for (const auto& dict : dicts)
    if (dict.entry.empty() && dict.tensors.size() > dict.skipped.size()) return &dict;
  return find_by_name(dicts);
}

void append(TensorDict& all, TensorDict dict, std::set<std::string>& known) {
  const auto name_of = [&](std::string& name) {
    return dict.entry.empty() ? std::move(name) : dict.entry + (name.empty() ? "" : "." + name);
  };
  for (auto& [name, tensor] : dict.tensors) {
    auto whole = name_of(name);
    if (known.insert(whole).second) all.tensors.push_back({std::move(whole), std::move(tensor)});
  }
  for (auto& [name, what] : dict.skipped) all.skipped.push_back({name_of(name), std::move(what)});
  for (auto& module : dict.modules) {
    module.name = name_of(module.name);
    all.modules.push_back(std::move(module));
  }
}

}  // namespace

TensorDict choose_state_dict(ModelFile file, std::string_view entry) {
  auto& dicts = file.dicts;
  if (!entry.empty()) {
    std::erase_if(dicts, [&](const TensorDict& dict) {
      return dict.entry != entry && !dict.entry.starts_with(std::string(entry) + ".");
    });
    const bool any =
        std::any_of(dicts.begin(), dicts.end(), [](const auto& dict) { return !dict.tensors.empty(); });
    if (!any)
      throw std::runtime_error(fmt::format("expected tensors in the entry \"{}\", found none", entry));
    for (const auto& dict : dicts)
      if (dict.entry == entry && !dict.tensors.empty()) return dict;
    for (auto& dict : dicts) dict.entry.erase(0, entry.size() + 1);
    TensorDict all;
    std::set<std::string> known;
    for (auto& dict : dicts) append(all, std::move(dict), known);
    all.entry = entry;
    return all;
  }
  const bool nothing = dicts.size() == 1 && dicts.front().tensors.empty() && dicts.front().skipped.empty();
  if (nothing) return std::move(dicts.front());  // of a network without parameters
  std::erase_if(dicts, [](const TensorDict& dict) { return dict.tensors.empty(); });
  if (dicts.empty()) throw std::runtime_error("expected a dictionary with tensors in it, found one without");
  if (const auto* one = choose_one(dicts)) return *one;
  TensorDict all;
  std::set<std::string> known;
  for (auto& dict : dicts) append(all, std::move(dict), known);
  return all;
}

ModelFile read_model_file(const std::filesystem::path& path) try {
  auto file = std::make_shared<File>(path);
  const auto start = file->text(0, std::min<std::uint64_t>(file->size(), 4));
  if (start.starts_with("PK")) return read_torch_archive(path);
  if (is_legacy_file(*file)) return read_legacy_file(std::move(file));
  if (is_safetensors(*file)) return read_safetensors(std::move(file));
  if (path.string().ends_with(".json")) return read_shards(*file, path);
  throw std::runtime_error(
      fmt::format("expected a file of torch.save, TorchScript or safetensors, or the index of one, found {}",
                  start.starts_with('\x80') ? "a pickle of something else" : "another"));
} catch (const std::exception& error) {
  throw files::FileError(path, error);
}

}  // namespace evenkeel::model_files
