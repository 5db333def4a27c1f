// What both benchmarks write alike.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/environment.h"
#include "bench/turns.h"

namespace evenkeel::bench {

nlohmann::ordered_json timing_json(const Timing& timing);
nlohmann::ordered_json run_json(const Environment& environment, const TurnSettings& turns);

}  // namespace evenkeel::bench
