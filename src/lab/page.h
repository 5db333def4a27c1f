// index.html: the verdicts, and each claim with its pictures and figures.
#pragma once

#include <string>
#include <vector>

#include "lab/lab_folder.h"
#include "lab/result.h"

namespace evenkeel::lab {

// One self-contained page about all claims; those without a result are in the table alone. Every measured number in it is
// one of a result.json.
std::string lab_page(const LabSettings& settings, const std::vector<Result>& results);

// Writes it with all the results that the folder has.
void write_page(const LabFolder& folder);

}  // namespace evenkeel::lab
