// How well the model of a run does on test pictures.
#pragma once

#include <filesystem>

#include "data/data_set.h"
#include "runs/run_folder.h"
#include "training/evaluation.h"

namespace evenkeel::runs {

// A model of a run, its model.pt or another file, on the test pictures, with that many threads of LibTorch's pool.
training::Evaluation evaluate_run(const RunFolder& folder, const std::filesystem::path& model,
                                  const data::DataSet& data, int threads);

}  // namespace evenkeel::runs
