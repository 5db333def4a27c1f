// model.pt: the trained network as a state dict, for this program and for Python.
#pragma once

#include <filesystem>
#include <memory>

#include "training/config.h"

namespace evenkeel::models {
class Network;
}

namespace evenkeel::runs {

// Atomically.
void save_model(const std::filesystem::path& path, const models::Network& network);

// The network that a model.pt or a checkpoint.pt holds, with the norm that its config.json records, or without where the file has no tensors of norms, as once
// it is folded. Throws std::runtime_error with one line when the file is missing, damaged or of another network.
std::shared_ptr<models::Network> load_model(const std::filesystem::path& path, training::TrainConfig config);

// Sets config.model and config.width to those of a model.pt that lies alone.
void recognise_model(const std::filesystem::path& path, training::TrainConfig& config);

}  // namespace evenkeel::runs
