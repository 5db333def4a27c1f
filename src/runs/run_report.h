// Fills the report page with what finished runs have left in their folders.
#pragma once

#include <filesystem>
#include <vector>

#include "data/data_set.h"
#include "runs/run_folder.h"

namespace evenkeel::runs {

// Draws the runs, the main one first, on one page. Throws std::runtime_error with one line when a run is not
// finished or damaged.
void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders,
                      const data::DataSet& data);

}  // namespace evenkeel::runs
