#include "bench/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/html.h"
#include "report/plot.h"

namespace evenkeel::bench {
namespace {

using namespace report;

constexpr double kGroup = 0.72;  // of the distance between two groups is bars
constexpr int kWidth = 960;
constexpr int kMargin = 90;        // left of the bars, for the axis
constexpr int kLeastPlaces = 7;    // few groups stand to the left, in bars of the usual width
constexpr int kWidestLabel = 104;  // "32x64x112x112"

// 1, 2, 5, 10, ... and below 1 as far as the range goes.
std::vector<report::Tic> tics(report::Range range) {
  std::vector<report::Tic> all;
  for (double power = 0.01; power <= range.high; power *= 10) {
    for (const double factor : {1, 2, 5}) {
      const double value = factor * power;
      if (value >= range.low && value <= range.high) all.push_back({value, fmt::format("{:g}", value)});
    }
  }
  return all;
}

// A bar is a thick line from 1 to its value; gaps stand between them.
report::Curve bars(const std::vector<double>& values, int number, std::size_t of, double group_width) {
  constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
  const double step = kGroup / static_cast<double>(of);
  report::Curve curve{{}, {report::Ink::Kind::kRun, number}, 0.9 * step * group_width, false, true};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double x = static_cast<double>(i) + 1 - kGroup / 2 + step * (number - 0.5);
    curve.points.push_back({x, 1});
    curve.points.push_back({x, values[i]});
    curve.points.push_back({x, kGap});
  }
  return curve;
}

}  // namespace

std::string draw_bars(const BarChart& chart) {
  report::Plot plot;
  plot.description = chart.description;
  plot.y_label = chart.y_label + ", logarithmic";
  plot.log_y = true;
  const auto places = std::max(kLeastPlaces, static_cast<int>(chart.labels.size()));
  plot.width = std::max(kWidth, kMargin + kWidestLabel * places);
  plot.x = {0.5, places + 0.5};
  const double group_width = static_cast<double>(plot.width - kMargin) / places;

  std::vector<double> values = {0.9, 2};
  for (const auto& series : chart.series) values.insert(values.end(), series.begin(), series.end());
  const report::Range range = report::range_of(values);
  plot.y = {0.9 * range.low, 1.15 * range.high};
  plot.y_tics = tics(plot.y);
  for (std::size_t i = 0; i < chart.labels.size(); ++i)
    plot.x_tics.push_back({static_cast<double>(i) + 1, chart.labels[i]});

  int number = 0;
  for (const auto& series : chart.series)
    plot.curves.push_back(bars(series, ++number, chart.series.size(), group_width));
  plot.curves.push_back({{{0.5, 1}, {places + 0.5, 1}}, {report::Ink::Kind::kReference, 1}, 1, false, false});
  return report::draw_plot(plot);
}

std::string bar_legend(const std::vector<std::string_view>& names) {
  std::string items;
  int number = 0;
  for (const auto name : names)
    items += fmt::format("<li><span class=\"key key-{}\" aria-hidden=\"true\"></span>{}</li>", ++number,
                         report::escape(name));
  return "<ul class=\"legend bars\" aria-label=\"Legend\">" + items + "</ul>\n";
}

}  // namespace evenkeel::bench
