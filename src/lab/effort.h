// How much work a run of the laboratory puts in.
#pragma once

#include <string_view>

namespace evenkeel::lab {

enum class Effort { kQuick, kStandard, kFull };

constexpr std::string_view name_of(Effort effort) {
  return effort == Effort::kQuick ? "quick" : effort == Effort::kStandard ? "standard" : "full";
}

}  // namespace evenkeel::lab
