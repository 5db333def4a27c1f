// How much memory the code under test asks for: the program that links this replaces `operator new`.
#pragma once

#include <cstddef>

namespace evenkeel::data {

// The most bytes asked for at once since the last reset, by any thread.
std::size_t largest_allocation();
void reset_largest_allocation();

}  // namespace evenkeel::data
