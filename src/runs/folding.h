// The network of a run without its batch norms: folded, and held against the one that was trained.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/data_set.h"
#include "evenkeel/fold.h"
#include "models/network.h"
#include "runs/run_folder.h"
#include "training/evaluation.h"

namespace evenkeel::runs {

struct FoldedRun {
  std::shared_ptr<models::Network> trained;  // in evaluation mode, as is
  std::shared_ptr<models::Network> folded;   // of Norm::kNone
  // Of every norm, with names as in the state dict and certificates measured on the test pictures, of ResNet-9 on the first 500.
  std::vector<FoldStep> steps;
  std::int64_t measured = 0;  // pictures, for the certificates

  training::Evaluation of_trained, of_folded;
  std::int64_t different_predictions = 0;
  double largest_logit_difference = 0;
};

// Loads the model.pt of a run, folds it and evaluates both on the test pictures, with that many threads of LibTorch's pool.
// Throws std::runtime_error with one line for a run without batch norm or with one that cannot be folded.
FoldedRun fold_run(const RunFolder& folder, const data::DataSet& data, int threads);

}  // namespace evenkeel::runs
