// The zip archives of torch.save, since PyTorch 1.6, and of torch.jit.save.
#pragma once

#include <filesystem>

#include "model_files/model_file.h"

namespace evenkeel::model_files {

// Throws std::runtime_error with one line.
ModelFile read_torch_archive(const std::filesystem::path& path);

}  // namespace evenkeel::model_files
