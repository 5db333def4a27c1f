// What every batch-norm layer holds at the end of the run.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/html.h"
#include "report/plot.h"
#include "report/sections.h"

namespace evenkeel::report {
namespace {

constexpr std::size_t kMarkedChannels = 30;
constexpr std::size_t kDrawnChannels = 400;

// One of the four values that a layer has per channel.
struct Quantity {
  std::string_view name;
  std::vector<double> LayerState::*values;
  double start = 0;  // what every channel begins with, unless it was told otherwise
  std::string_view
      log_label;  // of a logarithmic axis, for values that span orders of magnitude; empty: never one
};

const Quantity kQuantities[] = {
    {"running mean", &LayerState::running_mean, 0, ""},
    {"running variance", &LayerState::running_var, 1, "variance, log"},
    {"γ (weight)", &LayerState::weight, 1, ""},
    {"β (bias)", &LayerState::bias, 0, ""},
};

// Values with their channels, from the lowest to the highest; what is not drawable is left out.
struct Ranked {
  double value = 0;
  std::size_t channel = 0;
};

std::vector<Ranked> ranked(const std::vector<double>& values) {
  std::vector<Ranked> result;
  for (std::size_t channel = 0; channel < values.size(); ++channel) {
    if (drawable(Point{0, values[channel]})) result.push_back({values[channel], channel});
  }
  std::stable_sort(result.begin(), result.end(),
                   [](const Ranked& a, const Ranked& b) { return a.value < b.value; });
  return result;
}

double median(const std::vector<Ranked>& sorted) {
  const std::size_t middle = sorted.size() / 2;
  const double upper = sorted[middle].value;
  return sorted.size() % 2 == 1 ? upper : sorted[middle - 1].value / 2 + upper / 2;
}

std::string plot_of(const LayerState& layer, const Quantity& quantity, const std::vector<Ranked>& sorted) {
  const auto count = static_cast<double>(sorted.size());
  const Range values = {sorted.front().value, sorted.back().value};
  Plot plot;
  plot.description =
      fmt::format("{} of {}, channels sorted: from {} over {} in the middle to {}", quantity.name, layer.name,
                  number_text(values.low), number_text(median(sorted)), number_text(values.high));
  plot.width = 210;
  plot.height = 165;
  plot.x_label = "channels";
  plot.x = with_margin({1, count});
  plot.x_tics = {{1, "1"}, {count, number_text(count)}};
  plot.log_y = !quantity.log_label.empty() && values.low > 0 && values.high / values.low > 50;
  plot.y = plot.log_y ? Range{values.low / 1.5, values.high * 1.5} : with_margin(values);
  plot.y_label = plot.log_y ? quantity.log_label : quantity.name;

  const std::vector<Point> start = {{plot.x.low, quantity.start}, {plot.x.high, quantity.start}};
  plot.curves.push_back({start, {Ink::Kind::kReference, 1}, 1, false});
  std::vector<Point> points;
  points.reserve(sorted.size());
  for (const Ranked& entry : sorted) points.push_back({static_cast<double>(points.size() + 1), entry.value});
  plot.curves.push_back(
      {thin(points, kDrawnChannels), {Ink::Kind::kRun, 1}, 2, points.size() <= kMarkedChannels});
  return draw_plot(plot);
}

std::string table_row(const Quantity& quantity, const std::vector<Ranked>& sorted) {
  const auto cell = [](const Ranked& entry) {
    return fmt::format("<td>{} <small>channel&nbsp;{}</small></td>", number_text(entry.value), entry.channel);
  };
  return fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td>{}</tr>\n", quantity.name,
                     cell(sorted.front()), number_text(median(sorted)), cell(sorted.back()));
}

std::string table(const LayerState& layer, const std::string& rows) {
  return fmt::format("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Values of {}\">\n",
                     escape(layer.name)) +
         "<table class=\"figures\">\n<thead><tr><th scope=\"col\">per channel</th><th "
         "scope=\"col\">lowest</th>"
         "<th scope=\"col\">median</th><th scope=\"col\">highest</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n</div>\n";
}

std::string article(const LayerState& layer) {
  std::string plots;
  std::string rows;
  std::string remarks;
  std::size_t channels = 0;
  for (const Quantity& quantity : kQuantities) {
    const std::vector<double>& values = layer.*quantity.values;
    channels = std::max(channels, values.size());
    const std::vector<Ranked> sorted = ranked(values);
    if (values.empty()) {
      remarks += fmt::format("<p>This layer has no {}.</p>\n", quantity.name);
    } else if (sorted.size() < values.size()) {
      remarks += fmt::format("<p><b>{}: {} of {} not finite or beyond 1e300, and not drawn.</b></p>\n",
                             quantity.name, values.size() - sorted.size(),
                             count_text(static_cast<std::int64_t>(values.size()), "value"));
    }
    if (sorted.empty()) continue;
    plots += plot_of(layer, quantity, sorted);
    rows += table_row(quantity, sorted);
  }
  std::string html = fmt::format("<article>\n<h3>{} <small>{}</small></h3>\n", escape(layer.name),
                                 count_text(static_cast<std::int64_t>(channels), "channel"));
  html += remarks;
  if (!rows.empty()) html += "<div class=\"layer-plots\">\n" + plots + "</div>\n" + table(layer, rows);
  return html + "</article>\n";
}

constexpr std::string_view kHowToReadCurves =
    "<p>Each curve shows one value per channel, sorted from the lowest to the highest: a flat curve means "
    "that "
    "the channels agree. Running mean and variance are what the layer normalises with when it is not "
    "training; "
    "γ and β are the scale and the shift it learned after that. The dashed line is where every channel "
    "starts. "
    "A channel with γ near 0 passes next to nothing of its input; one with a running variance near 0 has "
    "seen "
    "a nearly constant input.</p>\n";

}  // namespace

std::string layers_section(const Report& report) {
  std::string body;
  for (const RunForReport& run : report.runs) {
    if (report.runs.size() > 1 && !run.layers.empty()) {
      body += fmt::format("<p class=\"run-name\">Run <b>{}</b></p>\n", escape(run.label));
    }
    for (const LayerState& layer : run.layers) body += article(layer);
  }
  return "<section class=\"layers\">\n<h2>Batch-norm layers</h2>\n" +
         (body.empty() ? "<p>This network has no batch-norm layers.</p>\n"
                       : std::string(kHowToReadCurves) + body) +
         "</section>\n";
}

}  // namespace evenkeel::report
