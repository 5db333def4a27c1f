#include "report/inspection_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace evenkeel::report {
namespace {

constexpr std::size_t kWidestName = 32;

// What comes from a file may hold a terminal's commands.
std::string shown_text(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
  return text;
}

std::string shown_name(const std::string& whole) {
  if (whole.empty()) return "(whole file)";
  const auto name = shown_text(whole);
  return name.size() <= kWidestName ? name : "..." + name.substr(name.size() - (kWidestName - 3));
}

std::string range(const std::vector<double>& values) {
  if (values.empty()) return "-";
  const auto extent = extent_of(values);
  return fmt::format("{:.2g}..{:.2g}", extent.low, extent.high);
}

std::string batches(const BatchNormState& layer) {
  return layer.batches_tracked ? fmt::to_string(*layer.batches_tracked) : "-";
}

std::string_view verdict(const LayerInspection& layer) {
  if (layer.findings.empty()) return "ok";
  const auto worst =
      std::max_element(layer.findings.begin(), layer.findings.end(),
                       [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return name_of(worst->severity);
}

std::size_t name_width(const Inspection& inspection) {
  std::size_t width = 5;
  for (const auto& layer : inspection.layers) width = std::max(width, shown_name(layer.state.name).size());
  return width;
}

std::string layer_table(const Inspection& inspection) {
  const auto width = name_width(inspection);
  auto text = fmt::format("{:<{}}  {:>8}  {:>9}  {:>16}  {:>8}  {:>16}  {}\n", "layer", width, "channels",
                          "batches", "weight", "mean/std", "variance", "state");
  for (const auto& layer : inspection.layers) {
    const auto& state = layer.state;
    text += fmt::format("{:<{}}  {:>8}  {:>9}  {:>16}  {:>8.2g}  {:>16}  {}\n", shown_name(state.name), width,
                        channel_count(state), batches(state), range(state.weight),
                        extent_of(means_in_std(state)).high, range(state.running_var), verdict(layer));
  }
  return text;
}

std::string gap_table(const Inspection& inspection) {
  const auto width = name_width(inspection);
  auto text = fmt::format("\n{:<{}}  {:>22}  {:>22}\n{:<{}}  {:>10}  {:>10}  {:>10}  {:>10}\n",
                          "distance from the data", width, "running statistics", "those of a batch", "layer",
                          width, "mean", "ln var", "mean", "ln var");
  for (const auto& layer : inspection.layers) {
    if (!layer.gap) continue;
    text += fmt::format("{:<{}}  {:>10.3f}  {:>10.3f}  {:>10.3f}  {:>10.3f}\n", shown_name(layer.state.name),
                        width, layer.gap->mean_gap, layer.gap->log_variance_gap, layer.gap->batch_mean_noise,
                        layer.gap->batch_log_variance_noise);
  }
  return text;
}

std::string accuracies(const Accuracies& accuracies) {
  return fmt::format(
      "\ntest accuracy with running statistics {:.2f} %, those of the data {:.2f} %, those of each batch "
      "{:.2f} "
      "%\n",
      100 * accuracies.running, 100 * accuracies.population, 100 * accuracies.batch);
}

// Who has a finding: "bn1", "all 121 layers", "3 of 5 layers (bn1, bn2, bn3)".
std::string holders(const std::vector<std::string>& names, std::size_t layers) {
  constexpr std::size_t kShown = 4;
  if (names.size() == 1) return names.front();
  if (names.size() == layers) return fmt::format("all {} layers", layers);
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) list += (i == 0 ? "" : ", ") + names[i];
  return fmt::format("{} of {} layers ({}{})", names.size(), layers, list,
                     names.size() > kShown ? ", ..." : "");
}

std::string findings(const Inspection& inspection) {
  std::string text;
  for (const auto& group : group_findings(inspection)) {
    std::vector<std::string> names;
    for (const auto* layer : group.layers) names.push_back(shown_name(layer->state.name));
    text += fmt::format("{:<8} {}: {}\n", name_of(group.finding->severity),
                        holders(names, inspection.layers.size()), shown_text(group.finding->what));
  }
  return text.empty() ? text : "\n" + text;
}

std::string assumptions(const Inspection& inspection) {
  for (const auto& [state, found, gap] : inspection.layers)
    if (state.settings_assumed)
      return fmt::format(
          "\neps {} and momentum {} are assumed, the file does not say them (--eps, --momentum)\n", state.eps,
          state.momentum);
  return "";
}

std::string counted(std::int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// Of the finite values; what is not finite if there are no others.
nlohmann::ordered_json json_of(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  const bool none =
      std::none_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  const auto extent = none ? Extent{values.front(), values.front()} : extent_of(values);
  return {{"min", extent.low}, {"max", extent.high}};
}

nlohmann::ordered_json json_of(const LayerInspection& layer) {
  const auto& state = layer.state;
  nlohmann::ordered_json json{{"name", state.name},
                              {"channels", channel_count(state)},
                              {"batches_tracked", nullptr},
                              {"eps", state.eps},
                              {"momentum", state.momentum},
                              {"settings_assumed", state.settings_assumed},
                              {"running_mean", json_of(state.running_mean)},
                              {"running_var", json_of(state.running_var)}};
  if (state.batches_tracked) json["batches_tracked"] = *state.batches_tracked;
  if (!state.weight.empty()) json["weight"] = json_of(state.weight);
  if (!state.bias.empty()) json["bias"] = json_of(state.bias);
  if (layer.gap)
    json["gap"] = {{"mean", layer.gap->mean_gap},
                   {"log_variance", layer.gap->log_variance_gap},
                   {"batch_mean", layer.gap->batch_mean_noise},
                   {"batch_log_variance", layer.gap->batch_log_variance_noise}};
  json["findings"] = nlohmann::ordered_json::array();
  for (const auto& finding : layer.findings)
    json["findings"].push_back({{"defect", name_of(finding.defect)},
                                {"severity", name_of(finding.severity)},
                                {"what", finding.what},
                                {"channels", finding.channels}});
  return json;
}

}  // namespace

std::vector<FindingGroup> group_findings(const Inspection& inspection) {
  std::vector<FindingGroup> groups;
  std::map<std::pair<Severity, std::string_view>, std::size_t> places;
  for (const auto severity : {Severity::kError, Severity::kWarning, Severity::kNote}) {
    for (const auto& layer : inspection.layers) {
      for (const auto& finding : layer.findings) {
        if (finding.severity != severity) continue;
        const auto [place, added] = places.try_emplace({severity, finding.what}, groups.size());
        if (added) groups.push_back({&finding, {}});
        groups[place->second].layers.push_back(&layer);
      }
    }
  }
  return groups;
}

Extent extent_of(const std::vector<double>& values) {
  Extent extent;
  bool first = true;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    extent.low = first ? value : std::min(extent.low, value);
    extent.high = first ? value : std::max(extent.high, value);
    first = false;
  }
  return extent;
}

std::size_t channel_count(const BatchNormState& layer) {
  return std::max(layer.running_mean.size(), layer.running_var.size());
}

std::vector<double> means_in_std(const BatchNormState& layer) {
  std::vector<double> result;
  for (std::size_t c = 0; c < std::min(layer.running_mean.size(), layer.running_var.size()); ++c)
    result.push_back(std::abs(layer.running_mean[c]) / std::sqrt(layer.running_var[c] + layer.eps));
  return result;
}

std::string inspection_text(const Inspection& inspection) {
  if (inspection.layers.empty()) return fmt::format("{}\nno batch-norm layer found\n", inspection.source);
  auto text = inspection.source + "\n\n" + layer_table(inspection);
  if (inspection.accuracies) text += gap_table(inspection) + accuracies(*inspection.accuracies);
  text += findings(inspection) + assumptions(inspection);
  return text + fmt::format("\n{}: {}, {}, {}\n",
                            counted(static_cast<std::int64_t>(inspection.layers.size()), "batch-norm layer"),
                            counted(inspection.count(Severity::kError), "error"),
                            counted(inspection.count(Severity::kWarning), "warning"),
                            counted(inspection.count(Severity::kNote), "note"));
}

nlohmann::ordered_json inspection_json(const Inspection& inspection) {
  nlohmann::ordered_json json{{"source", inspection.source},
                              {"errors", inspection.count(Severity::kError)},
                              {"warnings", inspection.count(Severity::kWarning)},
                              {"notes", inspection.count(Severity::kNote)}};
  if (inspection.accuracies)
    json["test_accuracy"] = {{"running", inspection.accuracies->running},
                             {"population", inspection.accuracies->population},
                             {"batch", inspection.accuracies->batch}};
  json["layers"] = nlohmann::ordered_json::array();
  for (const auto& layer : inspection.layers) json["layers"].push_back(json_of(layer));
  return json;
}

}  // namespace evenkeel::report
