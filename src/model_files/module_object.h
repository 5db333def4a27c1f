// Modules as objects in a pickle: PyTorch's own, as torch.save(model) leaves them, and those of TorchScript. Their code is
// never run.
#pragma once

#include "model_files/model_file.h"
#include "model_files/names.h"
#include "model_files/pickle_model.h"
#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

bool is_script_module(const PickleObject& object);
bool is_module(const PickleObject& object);  // of either kind

// The tensors of the module and all inside it, named as in its state_dict(), with what the file says about eps and momentum. A module
// that stands in two places has one name, the first.
TensorDict tensors_of(const PickleObject& root, const FindSource& find_source, NameBudget& names);

}  // namespace evenkeel::model_files
