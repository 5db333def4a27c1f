// What `evenkeel inspect` shows in a terminal and writes as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evenkeel/inspect.h"

namespace evenkeel::report {

// A table of the layers, the findings in words (the same one of several layers once), what was assumed, and a last line that sums up;
// at most 100 columns unless a finding is longer.
std::string inspection_text(const Inspection& inspection);

nlohmann::ordered_json inspection_json(const Inspection& inspection);

// The lowest and the highest finite value; 0 and 0 without any.
struct Extent {
  double low = 0;
  double high = 0;
};
Extent extent_of(const std::vector<double>& values);

// Findings that say the same of several layers, and those layers. The worst come first.
struct FindingGroup {
  const Finding* finding = nullptr;
  std::vector<const LayerInspection*> layers;
};
std::vector<FindingGroup> group_findings(const Inspection& inspection);

std::size_t channel_count(const BatchNormState& layer);

// |mean| / standard deviation of every channel.
std::vector<double> means_in_std(const BatchNormState& layer);

}  // namespace evenkeel::report
