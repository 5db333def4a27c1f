// Reads the pickles that torch.save writes, without ever running what they say: a closed list of opcodes, a
// closed list of classes and functions, and every length checked against what is there.
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

namespace evenkeel::lifecycle {

// A Python class or function that a pickle may name.
struct PickleGlobal {
  enum class Kind { kOrderedDict, kRebuildTensor, kRebuildParameter, kStorageType };
  Kind kind = Kind::kOrderedDict;
  torch::ScalarType dtype = torch::kFloat32;  // of kStorageType
};

struct PickleSequence;
struct PickleDict;
struct PickleNone {};

// A one-dimensional tensor holds a storage that is not yet part of a tensor.
struct PickleStorage {
  torch::Tensor elements;
};

// Text points into the pickle's bytes; sequences (lists and tuples) and dicts live in the Pickle that was
// read.
using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string_view, PickleGlobal,
                                 PickleStorage, torch::Tensor, PickleSequence*, PickleDict*>;

struct PickleSequence {
  std::vector<PickleValue> items;
};

struct PickleDict {
  std::vector<std::pair<PickleValue, PickleValue>> items;
};

struct Pickle {
  PickleValue root;
  std::deque<PickleSequence> sequences;  // deques, because the values point into them
  std::deque<PickleDict> dicts;
};

// Called for every storage a pickle refers to: its key in the archive, element type and number of elements.
using LoadStorage =
    std::function<torch::Tensor(std::string_view key, torch::ScalarType dtype, std::int64_t count)>;

// Throws std::runtime_error with one line (what was expected, what was found). `bytes` must outlive the
// result.
Pickle read_pickle(std::string_view bytes, const LoadStorage& load_storage);

// "text", "a tensor", ...: for messages.
std::string_view kind_of(const PickleValue& value);

}  // namespace evenkeel::lifecycle
