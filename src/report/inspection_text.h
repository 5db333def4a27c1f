// What `evenkeel inspect` shows in a terminal and writes as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evenkeel/inspect.h"

namespace evenkeel::report {

// A table of the layers, the findings in words, and a last line that sums up; at most 100 columns unless a finding is
// longer.
std::string inspection_text(const Inspection& inspection);

// Numbers that are not finite are null.
nlohmann::ordered_json inspection_json(const Inspection& inspection);

// The lowest and the highest finite value; 0 and 0 without any.
struct Extent {
  double low = 0;
  double high = 0;
};
Extent extent_of(const std::vector<double>& values);

// |mean| / standard deviation of every channel.
std::vector<double> means_in_std(const BatchNormState& layer);

}  // namespace evenkeel::report
