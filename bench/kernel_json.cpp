#include "bench/kernel_json.h"

#include "bench/json_parts.h"
#include "bench/kernel_summary.h"

namespace evenkeel::bench {
namespace {

using Json = nlohmann::ordered_json;

// `ratio` is the ratio of two peers: of one measurement, or the mean over some. NaN is written as "nan".
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
  for (const ContenderTiming& timing : one.timings) {
    Json entry{{"peer", info(timing.peer).key}, {"way", timing.way}};
    entry.update(timing_json(timing));
    json["timings"].push_back(entry);
  }
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
  Json json = run_json(result.environment, result.settings.turns);
  json["measurements"] = Json::array();
  for (const Measurement& one : result.measurements) json["measurements"].push_back(measurement_json(one));
  json["geometric_means"] = Json::array();
  for (const Group& group : groups(result)) json["geometric_means"].push_back(group_json(group));
  return json;
}

}  // namespace evenkeel::bench
