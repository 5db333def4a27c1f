// One claim on the page.
#pragma once

#include <string>

#include "lab/result.h"

namespace evenkeel::lab {

std::string verdict_badge(Verdict verdict);
// HTML in which &emsp; stands between equations, each of which then stays in one line.
std::string formula_paragraph(std::string formula);

std::string claim_section(const DrawnResult& drawn);

}  // namespace evenkeel::lab
