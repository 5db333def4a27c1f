// A module's parameters and buffers by name, as PyTorch names and orders them.
#pragma once

#include <c10/util/Exception.h>  // ordered_dict.h uses its macros
#include <torch/nn/module.h>
#include <torch/ordered_dict.h>

#include <string>
#include <vector>

#include "model_files/model_file.h"

namespace evenkeel::model_files {

using NamedTensors = torch::OrderedDict<std::string, torch::Tensor>;

struct StateDict {
  NamedTensors tensors{"tensor"};
  std::vector<ModuleMetadata> modules;  // in order; empty where a file says nothing about them
};

// Dtype and sizes, for messages: "Float [3, 4]".
std::string describe(const torch::Tensor& tensor);

// The values in the memory of this process, one after the other, as a file has them. Throws std::runtime_error with one line,
// which has the name, for a tensor without values (meta) or one that is not dense.
torch::Tensor in_memory(const std::string& name, const torch::Tensor& tensor);

// The tensors are the module's own, not copies. Order: each module's parameters, its buffers, then its
// children.
StateDict state_dict(const torch::nn::Module& module);

// Copies the elements of every tensor of `source` into the tensor of that name in `target`. Throws
// std::runtime_error with one line, before anything is copied, unless names, shapes and element types are the
// same.
void copy_tensors(const NamedTensors& target, const NamedTensors& source);

}  // namespace evenkeel::model_files
