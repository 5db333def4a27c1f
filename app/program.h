// What the programs of the command line share: evenkeel, and evenkeel-lab and evenkeel-bench, which it starts.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"

namespace evenkeel::app {

using AddCommand = Command (*)(CLI::App& program);

// Names and values for --version --verbose.
using DescribeEnvironment = std::vector<std::pair<std::string, std::string>> (*)();

// Exit code 0: done, and nothing was found; 1: what was looked at has something wrong; 2: wrong use, or something could not be read,
// written or done; 128 + signal: stopped.
int run_program(int count, char** arguments, std::span<const AddCommand> commands,
                DescribeEnvironment describe = nullptr);

}  // namespace evenkeel::app
