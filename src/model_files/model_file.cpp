#include "model_files/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <variant>

#include "files/file_error.h"
#include "model_files/archived_pickle.h"
#include "model_files/script_module.h"

namespace evenkeel::model_files {
namespace {

constexpr const char* kSaveTheStateDict = "torch.save its state_dict() instead";

// A dictionary with text for keys and tensors among its values, and where it is.
struct Candidate {
  std::string entry;
  const PickleDict* dict = nullptr;
  std::size_t tensors = 0;
};

std::size_t count_tensors(const PickleDict& dict) {
  return static_cast<std::size_t>(std::count_if(dict.items.begin(), dict.items.end(), [](const auto& item) {
    return std::holds_alternative<std::string_view>(item.first) &&
           std::holds_alternative<torch::Tensor>(item.second);
  }));
}

// Dictionaries may hold one another in a circle: each is looked at once.
void collect(const PickleDict& dict, const std::string& entry, int depth, std::set<const PickleDict*>& seen,
             std::vector<Candidate>& candidates) {
  constexpr int kDeepest = 8;
  if (depth > kDeepest || !seen.insert(&dict).second) return;
  if (const auto tensors = count_tensors(dict); tensors > 0) candidates.push_back({entry, &dict, tensors});
  for (const auto& [key, value] : dict.items) {
    const auto* name = std::get_if<std::string_view>(&key);
    const auto* inner = std::get_if<PickleDict*>(&value);
    if (name == nullptr || inner == nullptr) continue;
    collect(**inner, checked_name(entry.empty() ? "" : entry + ".", *name), depth + 1, seen, candidates);
  }
}

// What most training programs call the model in their checkpoints, the likeliest first.
constexpr std::array<std::string_view, 8> kModelNames{"state_dict", "model_state_dict", "model",  "net",
                                                      "network",    "module",           "params", "weights"};

const Candidate* find_by_name(const std::vector<Candidate>& candidates) {
  for (const auto name : kModelNames)
    for (const auto& candidate : candidates)
      if (std::string_view(candidate.entry).substr(candidate.entry.rfind('.') + 1) == name) return &candidate;
  return nullptr;
}

const Candidate* choose(const std::vector<Candidate>& candidates, std::string_view entry) {
  if (!entry.empty()) {
    for (const auto& candidate : candidates)
      if (candidate.entry == entry) return &candidate;
    throw std::runtime_error(fmt::format("expected tensors in the entry \"{}\", found none", entry));
  }
  const auto& first = candidates.front();
  if (candidates.size() == 1) return &first;
  // A state dict can have dictionaries in it (_extra_state), and a checkpoint lone tensors beside the model.
  if (first.entry.empty() && 2 * first.tensors > first.dict->items.size()) return &first;
  return find_by_name(candidates);
}

[[noreturn]] void fail_without_tensors(const PickleDict& root) {
  for (const auto& [key, value] : root.items) {
    const auto* name = std::get_if<std::string_view>(&key);
    if (name == nullptr || !std::holds_alternative<PickleObject*>(value)) continue;
    throw std::runtime_error(fmt::format("expected a state dict, found none, but \"{}\" is {}: {}", *name,
                                         kind_of(value), kSaveTheStateDict));
  }
  throw std::runtime_error("expected a dictionary with tensors in it, found one without");
}

ModelFile find_in_dict(const PickleDict& root, std::string_view entry) {
  ModelFile file;
  if (root.items.empty() && entry.empty()) return file;  // of a network without parameters
  std::set<const PickleDict*> seen;
  std::vector<Candidate> candidates;
  collect(root, "", 0, seen, candidates);
  if (candidates.empty()) fail_without_tensors(root);

  const auto* chosen = choose(candidates, entry);
  file.kind =
      chosen != nullptr && chosen->entry.empty() ? ModelFile::Kind::kStateDict : ModelFile::Kind::kCheckpoint;
  if (chosen != nullptr) {
    file.entry = chosen->entry;
    candidates = {*chosen};
  }
  for (const auto& candidate : candidates) {
    const auto prefix = chosen != nullptr || candidate.entry.empty() ? "" : candidate.entry + ".";
    auto read = to_state_dict(*candidate.dict, prefix);
    for (const auto& tensor : read.state.tensors)
      if (!file.state.tensors.contains(tensor.key())) file.state.tensors.insert(tensor.key(), tensor.value());
    std::move(read.state.modules.begin(), read.state.modules.end(), std::back_inserter(file.state.modules));
    std::move(read.skipped.begin(), read.skipped.end(), std::back_inserter(file.skipped));
  }
  return file;
}

}  // namespace

ModelFile find_model(const Pickle& pickle, std::string_view entry) {
  if (const auto* dict = std::get_if<PickleDict*>(&pickle.root)) return find_in_dict(**dict, entry);
  if (const auto* object = std::get_if<PickleObject*>(&pickle.root); object != nullptr) {
    if (is_script_module(**object)) {
      ModelFile file;
      file.kind = ModelFile::Kind::kTorchScript;
      file.state = tensors_of(**object);
      return file;
    }
    throw std::runtime_error(
        fmt::format("expected a state dict, found {}: {}", kind_of(pickle.root), kSaveTheStateDict));
  }
  throw std::runtime_error(fmt::format("expected a dictionary of tensors, found {}", kind_of(pickle.root)));
}

ModelFile read_model_file(const std::filesystem::path& path, std::string_view entry) try {
  ZipArchive archive(path);
  const ArchivedPickle pickle(archive);
  auto file = find_model(*pickle, entry);
  if (const auto* object = std::get_if<PickleObject*>(&(*pickle).root); object != nullptr)
    file.settings = settings_of(**object, archive);
  return file;
} catch (const std::exception& error) {
  throw files::FileError(path, error);
}

}  // namespace evenkeel::model_files
