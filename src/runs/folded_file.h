// A folded run as a file, and what folding has done to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/data_set.h"
#include "runs/run_folder.h"

namespace evenkeel::runs {

struct FoldedLayer {
  std::string layer, norm;  // as in the state dict
  double largest_input = 0, largest_difference = 0, bound = 0;
};

struct FoldedFile {
  std::vector<FoldedLayer> layers;
  std::int64_t test_count = 0;
  double trained_accuracy = 0, folded_accuracy = 0;
  std::int64_t different_predictions = 0;
  double largest_logit_difference = 0;
  // To be timed: a pass of each network over the same pictures, that many.
  std::int64_t pictures_per_pass = 250;
  std::function<void()> trained_pass, folded_pass;
};

// What fold_run (folding.h) gives, written to `file`. Throws as it does.
FoldedFile fold_run_to_file(const RunFolder& folder, const data::DataSet& data, int threads,
                            const std::filesystem::path& file);

}  // namespace evenkeel::runs
