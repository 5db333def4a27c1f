#include "bench/json_parts.h"

namespace evenkeel::bench {

nlohmann::ordered_json timing_json(const Timing& timing) {
  return {{"median_seconds", timing.seconds.median},
          {"low_quartile_seconds", timing.seconds.low_quartile},
          {"high_quartile_seconds", timing.seconds.high_quartile},
          {"samples", timing.samples},
          {"dropped", timing.dropped},
          {"disturbed", timing.disturbed}};
}

nlohmann::ordered_json run_json(const Environment& environment, const TurnSettings& turns) {
  nlohmann::ordered_json json;
  for (const auto& [name, value] : environment) json["environment"][name] = value;
  json["rounds"] = turns.rounds;
  return json;
}

}  // namespace evenkeel::bench
