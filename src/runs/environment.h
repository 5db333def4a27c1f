// What a run's bits and its time depend on beside its settings.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace evenkeel::runs {

// Names and values, for people: versions, processor, instruction sets, threads, allocator.
std::vector<std::pair<std::string, std::string>> environment();

}  // namespace evenkeel::runs
