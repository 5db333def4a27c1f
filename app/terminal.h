// What progress on a terminal is made of.
#pragma once

#include <cstddef>
#include <string>

namespace evenkeel::app {

inline constexpr const char* kClearLine = "\r\033[K";

bool error_output_is_terminal();
std::size_t terminal_width();  // of standard error
std::string progress_bar(double fraction);
std::string duration(double seconds);  // "12 s", "3:05 min", "1:02 h"

}  // namespace evenkeel::app
