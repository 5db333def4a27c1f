// TorchScript modules as their files keep them: objects with tensors and other modules for attributes. Their code is
// never run.
#pragma once

#include <vector>

#include "model_files/model_file.h"
#include "model_files/pickle_reader.h"
#include "model_files/state_dict.h"
#include "model_files/zip_archive.h"

namespace evenkeel::model_files {

bool is_script_module(const PickleObject& object);

// The tensors of the module and all inside it, named as in its state_dict(). A module that stands in two places has one
// name, the first.
StateDict tensors_of(const PickleObject& root);

// eps and momentum of every module that has them, from the constants in its class's source in the archive.
std::vector<ModelFile::Settings> settings_of(const PickleObject& root, ZipArchive& archive);

}  // namespace evenkeel::model_files
