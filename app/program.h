// What the programs of the command line share: evenkeel, and evenkeel-lab and evenkeel-bench, which it starts.
#pragma once

#include <span>

#include "commands.h"

namespace evenkeel::app {

using AddCommand = Command (*)(CLI::App& program);

// Exit code 0: done; 1: something went wrong; 2: wrong usage; 128 + signal: stopped.
int run_program(int count, char** arguments, std::span<const AddCommand> commands);

}  // namespace evenkeel::app
