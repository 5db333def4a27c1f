#include "report/inspection_page.h"

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "report/channel_strip.h"
#include "report/html.h"
#include "report/page.h"

namespace evenkeel::report {
namespace {

std::string headline(const Inspection& inspection) {
  auto tiles = tile("Batch-norm layers", fmt::to_string(inspection.layers.size())) +
               tile("Errors", fmt::to_string(inspection.count(Severity::kError))) +
               tile("Warnings", fmt::to_string(inspection.count(Severity::kWarning))) +
               tile("Notes", fmt::to_string(inspection.count(Severity::kNote)));
  if (const auto& accuracies = inspection.accuracies)
    tiles += tile("Accuracy, running statistics", percent_text(accuracies->running)) +
             tile("those of the data", percent_text(accuracies->population)) +
             tile("those of each batch", percent_text(accuracies->batch));
  return "<section aria-label=\"Headline figures\">\n<dl class=\"tiles\">\n" + tiles + "</dl>\n</section>\n";
}

std::string findings_list(const LayerInspection& layer) {
  if (layer.findings.empty()) return "<p>Nothing is wrong with it.</p>\n";
  std::string items;
  for (const auto& finding : layer.findings)
    items += fmt::format("<li><b class=\"severity-{}\">{}</b> {}</li>\n", name_of(finding.severity),
                         name_of(finding.severity), escape(finding.what));
  return "<ul class=\"findings\">\n" + items + "</ul>\n";
}

// The channels that findings of these kinds name.
std::vector<bool> marks(const LayerInspection& layer, std::initializer_list<Defect> defects) {
  std::vector<bool> marked(layer.state.running_mean.size());
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

std::string article(const LayerInspection& layer) {
  const auto& state = layer.state;
  const auto age =
      state.batches_tracked ? fmt::format("{} batches seen", *state.batches_tracked) : "age unknown";
  return fmt::format("<article>\n<h3>{} <small>{}, {}</small></h3>\n",
                     escape(state.name.empty() ? "the layer" : state.name),
                     count_text(static_cast<std::int64_t>(state.running_mean.size()), "channel"), age) +
         findings_list(layer) + (layer.gap ? gap_text(*layer.gap) : "") + strips(layer) + "</article>\n";
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
  std::string body = headline(inspection) + "<section class=\"layers\">\n<h2>Layers</h2>\n";
  body += inspection.layers.empty() ? "<p>No batch-norm layer found.</p>\n" : std::string(kHowToReadStrips);
  for (const auto& layer : inspection.layers) body += article(layer);
  return html_page(inspection.source, body + "</section>\n");
}

}  // namespace evenkeel::report
