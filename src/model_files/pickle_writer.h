// Writes what Python's torch.save writes for a state dict: the pickle that says which tensors there are.
#pragma once

#include <string>

#include "model_files/state_dict.h"

namespace evenkeel::model_files {

// The pickle of an OrderedDict of tensors; the elements of tensor i are promised under the storage key "i",
// contiguous. torch.load accepts it with weights_only=True, and Module.load_state_dict finds the version of
// every module.
std::string pickle_state_dict(const StateDict& state);

}  // namespace evenkeel::model_files
