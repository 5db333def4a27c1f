// A command that another program carries out, which lies beside this one: evenkeel-NAME.
#pragma once

#include <string>

#include "commands.h"

namespace evenkeel::app {

// Passes on everything after the name, --help too. The command throws std::runtime_error with one line when there is no such
// program.
Command add_sibling(CLI::App& program, const std::string& name, const std::string& description);

}  // namespace evenkeel::app
