// A module's parameters and buffers by name, as PyTorch names and orders them.
#pragma once

#include <torch/nn/module.h>
#include <torch/ordered_dict.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace evenkeel::lifecycle {

using NamedTensors = torch::OrderedDict<std::string, torch::Tensor>;

struct StateDict {
  NamedTensors tensors{"tensor"};
  // What PyTorch keeps in state_dict()._metadata: for every module, in order, the version of its layout.
  std::vector<std::pair<std::string, std::int64_t>> module_versions;
};

// The tensors are the module's own, not copies. Order: each module's parameters, its buffers, then its
// children.
StateDict state_dict(const torch::nn::Module& module);

// Copies the elements of every tensor of `source` into the tensor of that name in `target`. Throws
// std::runtime_error with one line, before anything is copied, unless names, shapes and element types are the
// same.
void copy_tensors(const NamedTensors& target, const NamedTensors& source);

}  // namespace evenkeel::lifecycle
