// Which instruction set the kernels run on. It is chosen once, at the first call, from what the processor
// has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

// The names of the instruction sets that were built and that this processor has, the best first.
std::vector<std::string> supported_instruction_sets();

// The one in use.
std::string instruction_set();

// Uses `name` from here on, in the whole process; "best" goes back to the choice by processor. Not to be
// called while kernels run. Throws std::invalid_argument for a name that is not in
// supported_instruction_sets(). The environment variable EVENKEEL_INSTRUCTION_SET does the same at start, and
// the first kernel call throws for a bad name.
void use_instruction_set(std::string_view name);

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
