#include "report/inspection_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/channel_strip.h"
#include "report/html.h"
#include "report/inspection_text.h"
#include "report/page.h"

namespace evenkeel::report {
namespace {

// Three in a row, or six in two.
std::string headline(const Inspection& inspection) {
  auto tiles = tile("Batch-norm layers", fmt::to_string(inspection.layers.size())) +
               tile("Errors", fmt::to_string(inspection.count(Severity::kError))) +
               tile("Warnings and notes", fmt::format("{} and {}", inspection.count(Severity::kWarning),
                                                      inspection.count(Severity::kNote)));
  if (const auto& accuracies = inspection.accuracies)
    tiles += tile("Accuracy with running statistics", percent_text(accuracies->running)) +
             tile("Accuracy with the data's statistics", percent_text(accuracies->population)) +
             tile("Accuracy with each batch's statistics", percent_text(accuracies->batch));
  return "<section aria-label=\"Headline figures\">\n<dl class=\"tiles\">\n" + tiles + "</dl>\n</section>\n";
}

// What several layers share stands once, above them.
std::string common_findings(const Inspection& inspection) {
  std::string items;
  for (const auto& [finding, layers] : group_findings(inspection)) {
    if (layers.size() < 2) continue;
    std::string names;
    if (layers.size() < inspection.layers.size())
      for (const auto* layer : layers) names += (names.empty() ? " (" : ", ") + layer->state.name;
    items += fmt::format("<li><b class=\"severity-{}\">{}</b> {} of {} layers{}: {}</li>\n",
                         name_of(finding->severity), name_of(finding->severity), layers.size(),
                         inspection.layers.size(), escape(names.empty() ? "" : names + ")"),
                         escape(finding->what));
  }
  return items.empty() ? ""
                       : "<h2>What several layers have</h2>\n<ul class=\"findings\">\n" + items + "</ul>\n";
}

std::set<const Finding*> said_above(const Inspection& inspection) {
  std::set<std::pair<Severity, std::string>> common;
  for (const auto& [finding, layers] : group_findings(inspection))
    if (layers.size() > 1) common.emplace(finding->severity, finding->what);
  std::set<const Finding*> said;
  for (const auto& layer : inspection.layers)
    for (const auto& finding : layer.findings)
      if (common.contains({finding.severity, finding.what})) said.insert(&finding);
  return said;
}

std::string findings_list(const LayerInspection& layer, const std::set<const Finding*>& said) {
  if (layer.findings.empty()) return "<p>Nothing is wrong with it.</p>\n";
  std::string items;
  for (const auto& finding : layer.findings)
    if (!said.contains(&finding))
      items += fmt::format("<li><b class=\"severity-{}\">{}</b> {}</li>\n", name_of(finding.severity),
                           name_of(finding.severity), escape(finding.what));
  return items.empty() ? "" : "<ul class=\"findings\">\n" + items + "</ul>\n";
}

// The channels that findings of these kinds name.
std::vector<bool> marks(const LayerInspection& layer, std::initializer_list<Defect> defects) {
  std::vector<bool> marked(std::max(channel_count(layer.state), layer.state.weight.size()));
  for (const auto& finding : layer.findings)
    for (const auto defect : defects)
      if (finding.defect == defect)
        for (const auto channel : finding.channels) marked.at(static_cast<std::size_t>(channel)) = true;
  return marked;
}

std::string strips(const LayerInspection& layer) {
  const auto& state = layer.state;
  std::vector<double> deviations;
  for (const double variance : state.running_var) deviations.push_back(std::sqrt(variance));
  return channel_strip(
             {"weight γ", state.weight, marks(layer, {Defect::kWeightZero, Defect::kWeightTiny}), false}) +
         channel_strip({"bias β", state.bias, {}, false}) +
         channel_strip({"running mean", state.running_mean, marks(layer, {Defect::kHugeMean}), false}) +
         channel_strip({"running standard deviation", deviations,
                        marks(layer, {Defect::kConstantInput, Defect::kNegativeVariance}), true});
}

std::string gap_text(const StatisticsGap& gap) {
  return fmt::format(
      "<p>Against the data: running means off by {} standard deviations and running variances by a factor of "
      "{} "
      "(RMS over the channels); single batches by {} and {}.</p>\n",
      number_text(gap.mean_gap), number_text(std::exp(gap.log_variance_gap)),
      number_text(gap.batch_mean_noise), number_text(std::exp(gap.batch_log_variance_noise)));
}

std::string article(const LayerInspection& layer, const std::set<const Finding*>& said) {
  const auto& state = layer.state;
  const auto age =
      state.batches_tracked ? fmt::format("{} batches seen", *state.batches_tracked) : "age unknown";
  return fmt::format("<article>\n<h3>{} <small>{}, {}</small></h3>\n",
                     escape(state.name.empty() ? "the layer" : state.name),
                     count_text(static_cast<std::int64_t>(channel_count(state)), "channel"), age) +
         findings_list(layer, said) + (layer.gap ? gap_text(*layer.gap) : "") + strips(layer) +
         "</article>\n";
}

constexpr std::string_view kHowToReadStrips =
    "<p>Each strip has one cell per channel, or one for some channels in a row where there are many; the "
    "darker, "
    "the higher the value between the two ends that stand beside the strip (the standard deviation on a "
    "logarithmic scale). Cells that a finding names, or that are not finite, reach higher and are red. Point "
    "at a "
    "cell to read its value.</p>\n";

}  // namespace

std::string inspection_page(const Inspection& inspection) {
  std::string body = headline(inspection) + "<section class=\"layers\">\n" + common_findings(inspection) +
                     "<h2>Layers</h2>\n";
  body += inspection.layers.empty() ? "<p>No batch-norm layer found.</p>\n" : std::string(kHowToReadStrips);
  const auto said = said_above(inspection);
  for (const auto& layer : inspection.layers) body += article(layer, said);
  // The file's name, without the way to it.
  const auto& source = inspection.source;
  const auto colon = source.rfind(": ");
  const auto slash = source.rfind('/', colon);
  return html_page(slash == std::string::npos ? source : source.substr(slash + 1),
                   "<p>" + escape(source) + "</p>\n" + body + "</section>\n");
}

}  // namespace evenkeel::report
