// model.pt: the trained network as a state dict, for this program and for Python.
#pragma once

#include <filesystem>

#include "training/digit_network.h"

namespace evenkeel::training {

// Atomically.
void save_model(const std::filesystem::path& path, const DigitNetwork& network);

// With the norm that the run's config.json records, or without where the file has no tensors of norms, as a
// folded network. Throws std::runtime_error with one line when the file is missing, damaged or of another
// network.
DigitNetwork load_model(const std::filesystem::path& path, Norm norm);

}  // namespace evenkeel::training
