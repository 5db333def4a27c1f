// The tensors in a pickle that was read, wherever they are in it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_files/model_file.h"
#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

// The source of a class in a TorchScript archive.
using FindSource = std::function<std::optional<std::string>(const std::string& name)>;

// Every dictionary, list and object that has tensors in it, and the root. Nested ones are entries of their own, called
// "model.ema" after the way to them; modules, which are objects of PyTorch's classes, are one entry with all that is in
// them. Whatever is nested in itself is looked at once.
ModelFile find_tensors(const Pickle& pickle, const FindSource& find_source = {});

}  // namespace evenkeel::model_files
