// How well the model of a run does on test pictures.
#pragma once

#include <filesystem>

#include "data/data_set.h"
#include "runs/run_evaluation.h"
#include "runs/run_folder.h"
#include "training/evaluation.h"

namespace evenkeel::runs {

// A model of a run, its model.pt or another file, on the test pictures, with that many threads of LibTorch's pool.
training::Evaluation evaluate_run(const RunFolder& folder, const std::filesystem::path& model,
                                  const data::DataSet& data, int threads);

// What a run keeps of an evaluation: the confusions, the most confident mistakes with their pictures, and the network's batch norms. When
// it was made is left to the caller.
RunEvaluation describe(const models::Network& network, const training::Evaluation& evaluation,
                       const data::DataSet& data);

}  // namespace evenkeel::runs
