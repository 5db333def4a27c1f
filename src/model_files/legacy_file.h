// What torch.save wrote before PyTorch 1.6: pickles one after the other, and behind them the elements of every storage.
#pragma once

#include <memory>

#include "model_files/file_storage.h"
#include "model_files/model_file.h"

namespace evenkeel::model_files {

bool is_legacy_file(const File& file);

// Throws std::runtime_error with one line.
ModelFile read_legacy_file(std::shared_ptr<const File> file);

}  // namespace evenkeel::model_files
