#include "lab/result.h"

#include <fmt/format.h>

#include <algorithm>

#include "files/json_file.h"

namespace evenkeel::lab {
namespace {

using files::number_to_json;
using nlohmann::ordered_json;

ordered_json to_json(const Estimate& estimate) {
  ordered_json seeds = ordered_json::array();
  for (const double value : estimate.seeds) seeds.push_back(number_to_json(value));
  return {{"mean", number_to_json(estimate.mean)},
          {"interval", {number_to_json(estimate.low), number_to_json(estimate.high)}},
          {"seeds", seeds}};
}

ordered_json conditions_json(const Result& result) {
  ordered_json list = ordered_json::array();
  const auto judgements = result.judgements();
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    ordered_json item = {{"condition", result.claim.rule[i].text()},
                         {"verdict", name_of(judgements[i].verdict)}};
    item.update(to_json(judgements[i].value));
    item["confidence"] = "95 % on each side";
    list.push_back(item);
  }
  return list;
}

ordered_json measurements_json(const Result& result) {
  ordered_json all = ordered_json::object();
  for (const auto& [name, number] : result.seeds.front().record.numbers()) {
    std::vector<double> values;
    for (const auto& seed : result.seeds) values.push_back(seed.record[name]);
    auto& item = all[name] = {{"unit", number.unit}};
    item.update(to_json(estimate(values)));
  }
  return all;
}

// Every seed's points: {"name": [{"seed": 1, "points": [[x, y], ...]}, ...]}.
ordered_json curves_json(const Result& result) {
  ordered_json all = ordered_json::object();
  for (const auto& seed : result.seeds) {
    const auto curves = seed.record.to_json().at("curves");
    for (const auto& [name, points] : curves.items())
      all[name].push_back({{"seed", seed.seed}, {"points", points}});
  }
  return all;
}

}  // namespace

std::vector<Record> Result::records() const {
  std::vector<Record> all;
  for (const auto& seed : seeds) all.push_back(seed.record);
  return all;
}

std::vector<Judgement> Result::judgements() const {
  const auto all = records();
  std::vector<Judgement> judgements;
  for (const auto& condition : claim.rule) judgements.push_back(judge(condition, all));
  return judgements;
}

DrawnResult::DrawnResult(const Result& result) : result(result) {
  const auto seeds = result.records();
  for (const auto& picture : result.claim.pictures) pictures.push_back(draw(picture, seeds));
}

std::string rule_text(const Claim& claim) {
  std::string text;
  for (const auto& condition : claim.rule) text += (text.empty() ? "" : "; ") + condition.text();
  return text;
}

std::string repeat_command(const Result& result) {
  const auto colon = result.data.find(':');
  return fmt::format(
      "evenkeel lab run {}{}{} --seeds {}", result.claim.name,
      result.effort == Effort::kStandard ? "" : fmt::format(" --{}", name_of(result.effort)),
      colon == std::string::npos ? "" : fmt::format(" --data {}:DIR", result.data.substr(0, colon)),
      result.seeds.size());
}

ordered_json to_json(const Result& result) {
  ordered_json seeds = ordered_json::array();
  double seconds = 0;
  for (const auto& seed : result.seeds) {
    seeds.push_back(seed.seed);
    seconds += seed.seconds;
  }
  ordered_json pictures = ordered_json::array();
  for (const auto& picture : result.claim.pictures) pictures.push_back(picture.file + ".svg");
  ordered_json published = ordered_json::array();
  for (const auto& [what, figure] : result.claim.published)
    published.push_back({{"what", what}, {"figure", figure}});
  ordered_json settings = ordered_json::object();
  for (const auto& [name, value] : result.seeds.front().record.settings()) settings[name] = value;
  return {{"number", result.claim.number},
          {"name", result.claim.name},
          {"claim", result.claim.title},
          {"source", result.claim.source},
          {"verdict", name_of(result.verdict())},
          {"rule", rule_text(result.claim)},
          {"conditions", conditions_json(result)},
          {"data", result.data},
          {"effort", name_of(result.effort)},
          {"seeds", seeds},
          {"seconds", seconds},
          {"settings", settings},
          {"measurements", measurements_json(result)},
          {"curves", curves_json(result)},
          {"pictures", pictures},
          {"published", published},
          {"repeat", repeat_command(result)}};
}

}  // namespace evenkeel::lab
