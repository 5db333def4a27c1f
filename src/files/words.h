// Figures in words.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::files {

// "12.3 s", "3 min 25 s", "1 h 02 min"; whole seconds where there is no part: "12 s". `space` stands between a number and its unit.
std::string duration(double seconds, std::string_view space = " ");

}  // namespace evenkeel::files
