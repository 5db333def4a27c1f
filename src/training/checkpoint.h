// checkpoint.pt: everything an interrupted run needs to go on as if it had never been interrupted.
#pragma once

#include <torch/optim/adam.h>

#include <cstdint>
#include <filesystem>

#include "training/digit_network.h"

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

// Gives every parameter the state Adam would give it at its first step, so that a checkpoint can be taken and
// read at any step.
void prepare_adam(torch::optim::Adam& adam, const DigitNetwork& network);

// A state dict that torch.load opens: model.*, adam.*.exp_avg, adam.*.exp_avg_sq and progress.*. Written
// atomically.
void save_checkpoint(const std::filesystem::path& path, const DigitNetwork& network, torch::optim::Adam& adam,
                     const Progress& progress);

// Throws std::runtime_error with one line when the file is damaged or belongs to another network.
Progress load_checkpoint(const std::filesystem::path& path, DigitNetwork& network, torch::optim::Adam& adam);

}  // namespace evenkeel::training
