// Reads the pickles that torch.save and torch.jit.save write, without ever running what they say: a closed list of
// opcodes, every length checked against what is there, and of all classes and functions only those of a closed list mean
// something. The others become objects that have a name and attributes, and do nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "model_files/stored_tensor.h"

namespace evenkeel::model_files {

// A Python class or function that a pickle names.
struct PickleGlobal {
  enum class Kind { kDict, kRebuildTensor, kRebuildParameter, kRebuildFromType, kStorageType, kOther };
  Kind kind = Kind::kOther;
  std::optional<ElementType> element;  // of kStorageType; none where the storage has no type of its own
  std::string_view module;
  std::string_view name;
};

struct PickleSequence;
struct PickleDict;
struct PickleObject;
struct PickleNone {};

// A storage that is not yet part of a tensor.
struct PickleStorage {
  std::shared_ptr<Storage> bytes;
  std::optional<ElementType> type;
  std::int64_t offset = 0;  // of a view of another storage, in elements
  std::int64_t count = 0;   // elements; bytes without a type
};

// Text points into the pickle's bytes; what pointers point to lives in the Pickle that was read. Sequences (lists and tuples),
// dicts and objects may contain one another in a circle.
using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string_view, PickleGlobal,
                                 PickleStorage*, StoredTensor*, PickleSequence*, PickleDict*, PickleObject*>;

struct PickleSequence {
  std::vector<PickleValue> items;
};

struct PickleDict {
  std::vector<std::pair<PickleValue, PickleValue>> items;
  PickleDict* attributes = nullptr;  // such as _metadata of a state dict

  // The value of that name, or nullptr.
  const PickleValue* find(std::string_view name) const;
};

// What Python would have made by calling a class or function that means nothing here, or a value that no C++ type
// holds: a set, a device, an integer of 80 bits, a quantised tensor. What the pickle puts into it is kept: of a class derived
// from dict or list that are its items.
struct PickleObject {
  std::string_view module;
  std::string_view name;
  std::string problem{};                      // of a tensor that is not as it should be
  const PickleSequence* arguments = nullptr;  // of the call that made it
  PickleDict* attributes = nullptr;
  PickleDict* items = nullptr;
  PickleSequence* elements = nullptr;
};

struct Pickle {
  PickleValue root;
  std::deque<PickleSequence> sequences;  // deques, because the values point into them
  std::deque<PickleDict> dicts;
  std::deque<PickleObject> objects;
  std::deque<PickleStorage> storages;
  std::deque<StoredTensor> tensors;
  std::size_t copied = 0;  // items of lists that dictionaries were made of

  // Something that stands for a value, and where it lives.
  PickleSequence* add(PickleSequence value) { return &sequences.emplace_back(std::move(value)); }
  PickleDict* add(PickleDict value) { return &dicts.emplace_back(std::move(value)); }
  PickleStorage* add(PickleStorage value) { return &storages.emplace_back(std::move(value)); }
  StoredTensor* add(StoredTensor value) { return &tensors.emplace_back(std::move(value)); }
  PickleObject* add(PickleObject value) { return &objects.emplace_back(std::move(value)); }
};

// Called once for every storage a pickle refers to, with its key and its size in bytes. What it throws is said of the tensors in
// that storage.
using LoadStorage = std::function<std::shared_ptr<Storage>(std::string_view key, std::uint64_t size)>;

// Throws std::runtime_error with one line (what was expected, what was found). `bytes` must outlive the result. Sets `length` to that
// of the pickle, where others follow it.
Pickle read_pickle(std::string_view bytes, const LoadStorage& load_storage, std::size_t* length = nullptr);

// A dictionary, or the items of an object of a class derived from one; nullptr for anything else.
const PickleDict* dict_in(const PickleValue& value);

// "text", "a tensor", "the Python object torch.device", ...: for messages.
std::string kind_of(const PickleValue& value);

}  // namespace evenkeel::model_files
