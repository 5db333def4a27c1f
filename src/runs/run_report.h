// Fills the report page with what runs have left in their folders: no network is built, no picture is read.
#pragma once

#include <filesystem>
#include <vector>

#include "runs/run_folder.h"

namespace evenkeel::runs {

// Draws the runs, the main one first, on one page; also those that are not finished, as they were when they were last tested. Throws
// std::runtime_error with one line when a run has not been tested yet, or something in its folder is damaged.
void write_run_report(const std::filesystem::path& path, const std::vector<RunFolder>& folders);

}  // namespace evenkeel::runs
