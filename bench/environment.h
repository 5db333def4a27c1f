// What the figures depend on, beside the code.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace evenkeel::bench {

// Name and value, in the order they are shown in.
using Environment = std::vector<std::pair<std::string, std::string>>;

// As it is now: call it after the number of threads is set.
Environment environment();

}  // namespace evenkeel::bench
