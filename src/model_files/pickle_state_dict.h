// State dicts in a pickle that was read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model_files/pickle_reader.h"
#include "model_files/state_dict.h"

namespace evenkeel::model_files {

// An entry that is no tensor, or one of elements that LibTorch's numbers do not cover (quantised, complex).
struct SkippedEntry {
  std::string name;
  std::string what;  // "an integer"
};

struct StateDictWithRest {
  StateDict state;
  std::vector<SkippedEntry> skipped;
};

// A dictionary's tensors with its _metadata; each name has `prefix` before it. Throws std::runtime_error with one line for
// a name that is no text or stands there twice.
StateDictWithRest to_state_dict(const PickleDict& dict, const std::string& prefix = "");

// Throws for names beyond any real one: a file of a few bytes could ask for any amount of memory with them.
std::string checked_name(const std::string& prefix, std::string_view name);

}  // namespace evenkeel::model_files
