// What progress on a terminal is made of.
#pragma once

#include <cstddef>
#include <string>

namespace evenkeel::app {

inline constexpr const char* kClearLine = "\r\033[K";

bool error_output_is_terminal();
std::size_t terminal_width();  // of standard error
std::string progress_bar(double fraction);
std::string duration(double seconds);  // rounded up to whole ones: "12 s", "3 min 5 s", "1 h 02 min"

}  // namespace evenkeel::app
