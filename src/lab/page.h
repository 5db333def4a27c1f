// index.html: the verdicts, and each claim with its pictures and figures.
#pragma once

#include <list>
#include <string>

#include "lab/lab_folder.h"
#include "lab/result.h"

namespace evenkeel::lab {

// One self-contained page about all claims; those without a result are in the table alone. Every measured number in it is
// one of a result.json.
std::string lab_page(const LabSettings& settings, const std::list<DrawnResult>& results);

}  // namespace evenkeel::lab
