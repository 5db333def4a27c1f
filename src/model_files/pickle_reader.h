// Reads the pickles that torch.save and torch.jit.save write, without ever running what they say: a closed list of
// opcodes, every length checked against what is there, and of all classes and functions only those of a closed list mean
// something. The others become objects that have a name and attributes, and do nothing.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace evenkeel::model_files {

// A Python class or function that a pickle names.
struct PickleGlobal {
  enum class Kind { kOrderedDict, kRebuildTensor, kRebuildParameter, kStorageType, kOther };
  Kind kind = Kind::kOther;
  torch::ScalarType dtype = torch::kFloat32;  // of kStorageType
  std::string_view module;
  std::string_view name;
};

struct PickleSequence;
struct PickleDict;
struct PickleObject;
struct PickleNone {};

// A one-dimensional tensor holds a storage that is not yet part of a tensor.
struct PickleStorage {
  torch::Tensor elements;
};

// Text points into the pickle's bytes; sequences (lists and tuples), dicts and objects live in the Pickle that was
// read. They may contain one another in a circle.
using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string_view, PickleGlobal,
                                 PickleStorage, torch::Tensor, PickleSequence*, PickleDict*, PickleObject*>;

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
// holds: a set, a device, an integer of 80 bits, a quantised tensor.
struct PickleObject {
  std::string_view module;
  std::string_view name;
  PickleDict* attributes = nullptr;
};

struct Pickle {
  PickleValue root;
  std::deque<PickleSequence> sequences;  // deques, because the values point into them
  std::deque<PickleDict> dicts;
  std::deque<PickleObject> objects;
};

// Called for every storage a pickle refers to: its key in the archive, element type and number of elements.
using LoadStorage =
    std::function<torch::Tensor(std::string_view key, torch::ScalarType dtype, std::int64_t count)>;

// Throws std::runtime_error with one line (what was expected, what was found). `bytes` must outlive the
// result.
Pickle read_pickle(std::string_view bytes, const LoadStorage& load_storage);

// "text", "a tensor", "the Python object torch.device", ...: for messages.
std::string kind_of(const PickleValue& value);

}  // namespace evenkeel::model_files
