// The parts of the page, in their order. Each returns the HTML of one part, or nothing where there is nothing
// to show.
#pragma once

#include <string>

#include "report/report.h"

namespace evenkeel::report {

std::string headline(const Report& report);
std::string comparison_section(const Report& report);
std::string curves_section(const Report& report);
std::string layers_section(const Report& report);
std::string confusion_section(const Report& report);
std::string pictures_section(const Report& report);
std::string settings_section(const Report& report);

}  // namespace evenkeel::report
