// Python with PyTorch, for the tests that hold Evenkeel's files against it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace evenkeel::testing {

// The interpreter in EVENKEEL_PYTHON, or python3; empty when it cannot import torch.
inline std::string python_with_torch() {
  const char* given = std::getenv("EVENKEEL_PYTHON");
  const std::string python = given != nullptr ? given : "python3";
  return std::system(("'" + python + "' -c 'import torch' >/dev/null 2>&1").c_str()) == 0 ? python : "";
}

// Runs a script of this folder; what it prints is part of the test's output. Returns whether it succeeded.
inline bool run_python(const std::string& python, const std::filesystem::path& script,
                       const std::string& arguments) {
  return std::system(("'" + python + "' '" + script.string() + "' " + arguments).c_str()) == 0;
}

}  // namespace evenkeel::testing
