// Bars side by side: how many times as long as something each took.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::bench {

struct BarChart {
  std::string description;  // what a person who cannot see it is told
  std::string y_label;
  std::vector<std::string> labels;          // under each group of bars
  std::vector<std::vector<double>> series;  // [peer][label]; NaN is a gap
};

// The <svg> element. The axis is logarithmic and the bars begin at 1. Throws std::runtime_error, see
// report::run_gnuplot().
std::string draw_bars(const BarChart& chart);

// The colours of the series and their names.
std::string bar_legend(const std::vector<std::string_view>& names);

}  // namespace evenkeel::bench
