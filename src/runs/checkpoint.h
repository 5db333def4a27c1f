// checkpoint.pt: everything an interrupted run needs to go on as if it had never been interrupted.
#pragma once

#include <cstdint>
#include <filesystem>

#include "training/trainer.h"

namespace evenkeel::runs {

// A state dict that torch.load opens: model.*, the state of the optimiser (optimiser.h), progress.* and how many bytes of
// metrics.jsonl belong to it. Written atomically.
void save_checkpoint(const std::filesystem::path& path, training::Trainer& trainer,
                     std::int64_t metrics_bytes);

// Takes the trainer there and returns the bytes of metrics.jsonl. Throws std::runtime_error with one line when the file is damaged
// or belongs to another network.
std::int64_t load_checkpoint(const std::filesystem::path& path, training::Trainer& trainer);

}  // namespace evenkeel::runs
