// What the inks of a picture stand for.
#pragma once

#include <string>
#include <vector>

namespace evenkeel::report {

struct LegendEntry {
  int ink = 1;
  std::string label;
};

// A list with a sample of each line; nothing for no entries.
std::string legend(const std::vector<LegendEntry>& entries);

}  // namespace evenkeel::report
