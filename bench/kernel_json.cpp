#include "bench/kernel_json.h"

#include "bench/kernel_summary.h"

namespace evenkeel::bench {
namespace {

using Json = nlohmann::ordered_json;

Json timing_json(const Timing& timing) {
  return {{"peer", info(timing.peer).key},
          {"way", timing.way},
          {"median_seconds", timing.seconds.median},
          {"low_quartile_seconds", timing.seconds.low_quartile},
          {"high_quartile_seconds", timing.seconds.high_quartile},
          {"samples", timing.samples},
          {"dropped", timing.dropped},
          {"disturbed", timing.disturbed}};
}

// `ratio` is the ratio of two peers: of one measurement, or the mean over some. NaN becomes null.
template <typename Ratio>
Json ratios_json(const Ratio& ratio) {
  return {{"evenkeel_over_limit", ratio(Peer::kEvenkeel, Peer::kLimit)},
          {"pytorch_over_evenkeel", ratio(Peer::kTorch, Peer::kEvenkeel)},
          {"pytorch_fresh_over_evenkeel_fresh", ratio(Peer::kTorchFresh, Peer::kEvenkeelFresh)},
          {"onednn_over_evenkeel", ratio(Peer::kOneDnn, Peer::kEvenkeel)}};
}

Json measurement_json(const Measurement& one) {
  Json json{{"operation", one.operation.name()},
            {"layout", name(one.layout)},
            {"shape", one.shape.sizes()},
            {"bytes", one.shape.bytes()}};
  json["timings"] = Json::array();
  for (const Timing& timing : one.timings) json["timings"].push_back(timing_json(timing));
  json["ratios"] = ratios_json([&](Peer over, Peer under) { return one.ratio(over, under); });
  return json;
}

Json group_json(const Group& group) {
  Json json{{"operation", group.operation.name()},
            {"layout", name(group.layout)},
            {"shapes", group.measurements.size()}};
  json["ratios"] = ratios_json([&](Peer over, Peer under) { return group.mean_ratio(over, under); });
  json["evenkeel_over_limit_above_8_mb"] = group.mean_over_limit_when_large();
  return json;
}

}  // namespace

Json kernel_json(const KernelBenchResult& result) {
  Json json;
  for (const auto& [name, value] : result.environment) json["environment"][name] = value;
  json["rounds"] = result.settings.turns.rounds;
  json["measurements"] = Json::array();
  for (const Measurement& one : result.measurements) json["measurements"].push_back(measurement_json(one));
  json["geometric_means"] = Json::array();
  for (const Group& group : groups(result)) json["geometric_means"].push_back(group_json(group));
  return json;
}

}  // namespace evenkeel::bench
