// Which program writes a file.
#pragma once

#include <string>

namespace evenkeel::files {

struct Versions {
  std::string evenkeel;  // "0.1.0"
  std::string libtorch;  // "1.13.1": the one that this was built with

  bool operator==(const Versions&) const = default;
};

const Versions& versions();

std::string text_of(const Versions& versions);  // "Evenkeel 0.1.0 with LibTorch 1.13.1"

}  // namespace evenkeel::files
