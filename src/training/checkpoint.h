// checkpoint.pt: everything an interrupted run needs to go on as if it had never been interrupted.
#pragma once

#include <cstdint>
#include <filesystem>

#include "training/network.h"
#include "training/optimiser.h"

namespace evenkeel::training {

// Where a run stands between two steps.
struct Progress {
  std::int64_t step = 0;           // steps done; epoch and place in the epoch follow from it
  std::int64_t metrics_bytes = 0;  // of metrics.jsonl
  std::int64_t epoch_correct = 0;  // training pictures recognised so far in this epoch
  double epoch_loss = 0;           // sum over the steps of this epoch
  double record_loss = 0;          // sum over the steps since the last record in metrics.jsonl
  double seconds = 0;              // of training so far
};

// A state dict that torch.load opens: model.*, the state of the optimiser (optimiser.h) and progress.*. Written atomically.
void save_checkpoint(const std::filesystem::path& path, const Network& network, const Optimiser& optimiser,
                     const Progress& progress);

// Throws std::runtime_error with one line when the file is damaged or belongs to another network.
Progress load_checkpoint(const std::filesystem::path& path, Network& network, Optimiser& optimiser);

}  // namespace evenkeel::training
