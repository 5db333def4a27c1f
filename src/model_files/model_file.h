// Finds the tensors of a model in what torch.save or torch.jit.save has written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_files/pickle_state_dict.h"

namespace evenkeel::model_files {

struct ModelFile {
  enum class Kind { kStateDict, kCheckpoint, kTorchScript };

  // What the code of a TorchScript file says about a module's settings; a state dict says nothing.
  struct Settings {
    std::string module;
    std::optional<double> eps;
    std::optional<double> momentum;
  };

  Kind kind = Kind::kStateDict;
  std::string entry;  // where a checkpoint holds the state dict: "model"; empty when it holds several
  StateDict state;
  std::vector<SkippedEntry> skipped;
  std::vector<Settings> settings;
};

// Reads a state dict, a checkpoint (a dictionary that holds one among other things: optimiser, epoch, settings), or the
// tensors of a TorchScript module, whose code is not run. `entry` says which dictionary of a checkpoint; without it, one
// that is called model, state_dict or the like, and if there is none, all that hold tensors, each name with the entry's
// before it. Throws std::runtime_error with one line (the path, what was expected, what was found) for anything else.
ModelFile read_model_file(const std::filesystem::path& path, std::string_view entry = "");

// The same for a pickle that was read.
ModelFile find_model(const Pickle& pickle, std::string_view entry = "");

}  // namespace evenkeel::model_files
