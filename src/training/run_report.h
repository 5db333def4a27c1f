// Fills the report page with what finished runs have left in their folders.
#pragma once

#include <filesystem>
#include <vector>

#include "training/data/data_set.h"
#include "training/run_folder.h"

namespace evenkeel::training {

// Draws the runs, the main one first, on one page. Throws std::runtime_error with one line when a run is not
// finished or damaged.
void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders,
                      const DataSet& data);

}  // namespace evenkeel::training
