// One claim on the page.
#pragma once

#include <string>

#include "lab/result.h"

namespace evenkeel::lab {

std::string verdict_badge(Verdict verdict);
std::string claim_section(const Result& result);

}  // namespace evenkeel::lab
