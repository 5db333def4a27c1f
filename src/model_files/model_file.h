// What is in a file of a model, in any format: which tensors under which names, and where they lie. No tensor is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_files/stored_tensor.h"

namespace evenkeel::model_files {

struct NamedStoredTensor {
  std::string name;
  StoredTensor tensor;
};

// What stands under a name without being a tensor that can be read.
struct SkippedEntry {
  std::string name;
  std::string what;  // "an integer", "the Python object numpy.ndarray"
};

// What PyTorch keeps about a module in state_dict()._metadata.
struct ModuleMetadata {
  std::string name;
  std::int64_t version = 1;            // of its layout
  std::optional<std::int64_t> frozen;  // Frozen::bits() of an Evenkeel batch norm; Python passes over it

  bool operator==(const ModuleMetadata&) const = default;
};

// Settings of a module that the file says; a state dict says nothing.
struct ModuleSettings {
  std::string module;
  std::optional<double> eps;
  std::optional<double> momentum;  // 0: the plain average
};

// One dictionary of tensors.
struct TensorDict {
  std::string entry;  // where it is: "model", "trainer.ema"; empty for the whole file
  std::vector<NamedStoredTensor> tensors;
  std::vector<SkippedEntry> skipped;
  std::vector<ModuleMetadata> modules;
  std::vector<ModuleSettings> settings;
};

struct ModelFile {
  std::string kind;  // "state dict", "checkpoint", "TorchScript", "safetensors"
  std::vector<TensorDict> dicts;
};

// Reads the files of torch.save (any version, any pickle protocol; state dicts, checkpoints and whole modules), of
// torch.jit.save, of safetensors, and the index of one that is in several files. Nothing in a file is executed. Throws
// std::runtime_error with one line (the path, what was expected, what was found).
ModelFile read_model_file(const std::filesystem::path& path);

// The tensors of a dictionary in the file: `entry`; without it, one that is called model, state_dict or the like; and if there is
// none, all that hold tensors, each name with the entry's before it. Throws std::runtime_error with one line for an entry that is
// not there.
TensorDict choose_state_dict(ModelFile file, std::string_view entry = "");

}  // namespace evenkeel::model_files
