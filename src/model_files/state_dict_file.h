// Files of tensors that pass both ways between this program and Python: torch.save(module.state_dict(), path)
// and torch.load(path), with its default weights_only=True.
#pragma once

#include <filesystem>
#include <string>

#include "model_files/state_dict.h"

namespace evenkeel::model_files {

// The whole file. The same tensors give the same bytes.
std::string encode_state_dict(const StateDict& state);

// The same as safetensors, with the Frozen flags in its metadata. Tensors that share memory are written twice.
std::string encode_safetensors(const StateDict& state);

// The tensors of a dictionary, read from their file. Throws std::runtime_error with one line that names the tensor.
StateDict make_tensors(const TensorDict& dict);

// Reads a file written by encode_state_dict, or one of torch.save or safetensors that holds a state dict alone. Nothing in it is
// executed, and every size is checked before memory is taken. Throws std::runtime_error with one line (the path, what was
// expected, what was found) for anything else.
StateDict read_state_dict(const std::filesystem::path& path);

}  // namespace evenkeel::model_files
