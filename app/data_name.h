// How data sets are named on the command line.
#pragma once

#include <filesystem>
#include <string>

namespace evenkeel::app {

// "mnist:some/folder" with an absolute folder, so that a run can go on from anywhere.
inline std::string absolute_data(const std::string& data) {
  const auto colon = data.find(':');
  if (colon == std::string::npos || colon + 1 == data.size()) return data;
  return data.substr(0, colon + 1) +
         std::filesystem::absolute(data.substr(colon + 1)).lexically_normal().string();
}

}  // namespace evenkeel::app
