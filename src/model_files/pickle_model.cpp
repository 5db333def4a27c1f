#include "model_files/pickle_model.h"

#include <fmt/format.h>

#include <algorithm>

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "model_files/module_object.h"
#include "model_files/names.h"

namespace evenkeel::model_files {
namespace {

std::optional<std::int64_t> as_integer(const PickleValue* value) {
  const auto* integer = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

// Text, or the number in the place of a name: {0: ...}.
std::optional<std::string> name_in(const PickleValue& key) {
  if (const auto* text = std::get_if<std::string_view>(&key)) return std::string(*text);
  if (const auto integer = as_integer(&key)) return std::to_string(*integer);
  return std::nullopt;
}

class TensorFinder {
 public:
  explicit TensorFinder(const FindSource& find_source) : find_source_(find_source) {}

  std::vector<TensorDict> find(const PickleValue& root) {
    wait("", root);
    while (!waiting_.empty()) {
      const auto [entry, value] = std::move(waiting_.back());
      waiting_.pop_back();
      const auto first_child = waiting_.size();
      if (const auto* object = std::get_if<PickleObject*>(&value); object != nullptr && is_module(**object)) {
        if (!seen_.insert(*object).second) continue;
        found_.push_back(tensors_of(**object, find_source_, names_));
        found_.back().entry = entry;
      } else if (const auto* dict = std::get_if<PickleDict*>(&value)) {
        if (seen_.insert(*dict).second) add_dict(entry, **dict);
      } else if (const auto* sequence = std::get_if<PickleSequence*>(&value)) {
        if (seen_.insert(*sequence).second) add_sequence(entry, **sequence);
      } else if (object != nullptr && seen_.insert(*object).second) {
        if ((*object)->items != nullptr) wait(entry, (*object)->items);
        if ((*object)->elements != nullptr) wait(entry, (*object)->elements);
        if ((*object)->attributes != nullptr) wait(entry, (*object)->attributes);
        // Such as those of a tuple with names, or of a dictionary that cannot be changed.
        if ((*object)->arguments != nullptr && (*object)->items == nullptr)
          add_arguments(entry, *(*object)->arguments);
      }
      // In the order of the file: what was found first is looked at first.
      std::reverse(waiting_.begin() + static_cast<std::ptrdiff_t>(first_child), waiting_.end());
    }
    return std::move(found_);
  }

 private:
  void wait(std::string entry, PickleValue value) {
    names_.charge(entry.size());
    waiting_.emplace_back(std::move(entry), value);
  }

  // What has something in it is looked into later.
  bool wait_for_inside(const std::string& entry, std::string_view name, const PickleValue& value) {
    if (!std::holds_alternative<PickleDict*>(value) && !std::holds_alternative<PickleSequence*>(value) &&
        !std::holds_alternative<PickleObject*>(value))
      return false;
    wait(names_.join(entry, name), value);
    return true;
  }

  void add_dict(const std::string& entry, const PickleDict& dict) {
    TensorDict found{entry, {}, {}, {}, {}};
    bool any = entry.empty();
    std::map<std::string, std::size_t> known;
    for (const auto& [key, value] : dict.items) {
      const auto name = name_in(key);
      if (!name) continue;
      if (const auto* tensor = std::get_if<StoredTensor*>(&value)) {
        any = true;
        const auto [place, added] = known.try_emplace(*name, found.tensors.size());
        if (added) found.tensors.push_back({names_.join("", *name), {}});
        found.tensors[place->second].tensor = **tensor;  // the last one of a name stays, as in Python
        continue;
      }
      wait_for_inside(entry, *name, value);
      found.skipped.push_back({names_.join("", *name), kind_of(value)});
      any = any || std::holds_alternative<PickleObject*>(value);
    }
    add_modules(dict, found);
    if (any) found_.push_back(std::move(found));
  }

  void add_sequence(const std::string& entry, const PickleSequence& sequence) {
    TensorDict found{entry, {}, {}, {}, {}};
    for (std::size_t i = 0; i < sequence.items.size(); ++i) {
      const auto* tensor = std::get_if<StoredTensor*>(&sequence.items[i]);
      if (tensor != nullptr) found.tensors.push_back({names_.join("", std::to_string(i)), **tensor});
      if (tensor == nullptr) wait_for_inside(entry, std::to_string(i), sequence.items[i]);
    }
    if (!found.tensors.empty()) found_.push_back(std::move(found));
  }

  void add_arguments(const std::string& entry, const PickleSequence& arguments) {
    if (!seen_arguments_.insert(&arguments).second) return;
    for (const auto& value : arguments.items)
      if (std::holds_alternative<PickleDict*>(value) || std::holds_alternative<PickleSequence*>(value))
        wait(entry, value);
  }

  // state_dict()._metadata. Anything that is not as PyTorch and Evenkeel write it is passed over: it is of use to nobody, and harms
  // nobody.
  void add_modules(const PickleDict& dict, TensorDict& found) {
    const auto* metadata = dict.attributes == nullptr ? nullptr : dict.attributes->find("_metadata");
    const auto* modules = metadata == nullptr ? nullptr : dict_in(*metadata);
    if (modules == nullptr) return;
    for (const auto& [key, value] : modules->items) {
      const auto* name = std::get_if<std::string_view>(&key);
      const auto* entry = dict_in(value);
      if (name == nullptr || entry == nullptr) continue;
      found.modules.push_back({names_.join("", *name), as_integer(entry->find("version")).value_or(1),
                               as_integer(entry->find("frozen"))});
    }
  }

  const FindSource& find_source_;
  NameBudget names_;
  std::vector<TensorDict> found_;
  std::vector<std::pair<std::string, PickleValue>> waiting_;
  std::set<const PickleSequence*> seen_arguments_;
  std::set<const void*> seen_;  // they may hold one another in a circle
};

std::string kind_of_file(const PickleValue& root, const std::vector<TensorDict>& dicts) {
  const auto* object = std::get_if<PickleObject*>(&root);
  if (object != nullptr && is_script_module(**object)) return "TorchScript";
  if (object != nullptr && is_module(**object)) return "pickled module";
  const bool only_root = dicts.size() == 1 && dicts.front().entry.empty();
  return only_root ? "state dict" : "checkpoint";
}

}  // namespace

ModelFile find_tensors(const Pickle& pickle, const FindSource& find_source) {
  ModelFile file;
  file.dicts = TensorFinder(find_source).find(pickle.root);
  file.kind = kind_of_file(pickle.root, file.dicts);
  return file;
}

}  // namespace evenkeel::model_files
