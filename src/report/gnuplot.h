// gnuplot as a child process.
#pragma once

#include <string>

namespace evenkeel::report {

// Runs gnuplot on `script` and returns what it drew on its standard output. No shell is involved.
// Throws std::runtime_error with one line when there is no gnuplot, when it fails, or when the system refuses
// to start it.
std::string run_gnuplot(const std::string& script);

}  // namespace evenkeel::report
