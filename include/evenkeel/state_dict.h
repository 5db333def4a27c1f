// State dicts as files that pass both ways between C++ and Python: torch.save(module.state_dict(), path),
// module.load_state_dict(torch.load(path)). Nothing in a file is ever executed.
#pragma once

#include <c10/util/Exception.h>  // ordered_dict.h uses its macros
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace evenkeel {

struct LoadOptions {
  // Whether missing and unexpected names throw; otherwise they are reported, and what is missing stays as it is.
  bool strict = true;

  // Which dictionary of a checkpoint holds the state dict: "model", "trainer.ema". Without it, one that is called
  // state_dict, model_state_dict, model or the like; if there is none, all that hold tensors, each name with the
  // entry's before it.
  std::string entry;
};

struct LoadReport {
  std::string entry;                    // of a checkpoint, where the state dict was found
  std::string removed_prefix;           // what names in the file had before the module's: "module."
  std::vector<std::string> missing;     // names of the module that the file does not have
  std::vector<std::string> unexpected;  // names of the file that the module does not have
  // num_batches_tracked that the file does not have: set to 0, as PyTorch does; when loading is not strict left as they are.
  std::vector<std::string> counters;

  bool complete() const { return missing.empty() && unexpected.empty(); }
};

// Copies the tensors of a file into the module's parameters and buffers of the same names; no others are read. The file: a
// state dict, a checkpoint that holds one beside other things, or a whole module, as save_state_dict or Python's torch.save writes
// them, with any version of PyTorch and of its pickles; a TorchScript module; safetensors; or the .index.json of a model in several
// files. No code in it is run.
//
// Names lose the prefix that wrappers leave, such as "module." or "model.", when most of the module's names fit without it, and
// "_orig_mod." anywhere. Sizes have to be the same; among floating-point types the values are converted, as in Python, and
// counters of batches from any type and from vectors of one number. The Frozen flags of Evenkeel's layers are set to those in
// the file, if it has them.
//
// Throws std::runtime_error with one line, before anything of the module is changed. Not while another thread uses it.
LoadReport load_state_dict(torch::nn::Module& module, const std::filesystem::path& path,
                           const LoadOptions& options = {});

// The same from tensors in memory.
LoadReport load_state_dict(torch::nn::Module& module,
                           const torch::OrderedDict<std::string, torch::Tensor>& tensors,
                           const LoadOptions& options = {});

// Writes the module's state dict, as torch.save does or, when the path ends in .safetensors, in that format, with the Frozen flags of its layers beside each version in _metadata, where Python
// passes over them. The file is the old one or the new one, whatever happens in between. Throws std::runtime_error with
// one line.
void save_state_dict(const torch::nn::Module& module, const std::filesystem::path& path);

}  // namespace evenkeel
#pragma GCC visibility pop
