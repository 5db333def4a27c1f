#include "report/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/gnuplot.h"
#include "report/inline_svg.h"

namespace evenkeel::report {
namespace {

// In gnuplot's language a quote inside quotes is doubled; a script has one command per line.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += c == '\n' ? ' ' : c;
  }
  return result + "'";
}

// The distance 1, 2 or 5 times a power of ten that gives about `wanted` numbers in the range.
double round_step(Range range, double wanted) {
  const double rough = (range.high - range.low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double factor = rough / power;
  return power * (factor < 1.4 ? 1 : factor < 3.2 ? 2 : factor < 7 ? 5 : 10);
}

std::string tic_list(const std::vector<Tic>& tics) {
  std::string list;
  for (const Tic& tic : tics) {
    fmt::format_to(std::back_inserter(list), "{}{} {}", list.empty() ? "" : ", ", quoted(tic.label),
                   tic.position);
  }
  return "(" + list + ")";
}

// On a logarithmic axis of few decades the powers of ten alone are too few; where there are many, gnuplot chooses well by itself.
std::vector<Tic> logarithmic_tics(Range range) {
  constexpr double kFew = 2.5;
  std::vector<Tic> tics;
  const double first = std::floor(std::log10(range.low));
  if (std::log10(range.high) - std::log10(range.low) > kFew) return tics;
  for (double power = std::pow(10, first); power <= range.high; power *= 10)
    for (const int factor : {1, 2, 5})
      if (factor * power >= range.low && factor * power <= range.high)
        tics.push_back({factor * power, fmt::format("{:g}", factor * power)});
  return tics;
}

std::string axes(const Plot& plot) {
  std::string script;
  const auto line = [&script](const std::string& command) { script += command + "\n"; };
  line(fmt::format("set xrange [{}:{}]", plot.x.low, plot.x.high));
  line(fmt::format("set yrange [{}:{}]", plot.y.low, plot.y.high));
  line("set xlabel " + quoted(plot.x_label) + " offset 0,0.6");
  line("set ylabel " + quoted(plot.y_label));
  line("set rmargin 1.5");
  line("set format '%h'");
  line("set xtics nomirror scale 0.4 offset 0,0.3");
  line("set ytics nomirror scale 0");
  line("set border 1");
  line("set grid ytics");
  if (plot.log_x) line("set logscale x");
  if (plot.log_y) line("set logscale y");
  const auto y_tics = plot.log_y && plot.y_tics.empty() ? logarithmic_tics(plot.y) : plot.y_tics;
  const auto x_tics = plot.log_x && plot.x_tics.empty() ? logarithmic_tics(plot.x) : plot.x_tics;
  if (!y_tics.empty()) {
    line("set ytics " + tic_list(y_tics));
  } else if (!plot.log_y) {
    line(fmt::format("set ytics {}", round_step(plot.y, plot.height / 50.0)));
  }
  if (!x_tics.empty()) {
    line("set xtics " + tic_list(x_tics));
  } else if (!plot.log_x) {
    line(fmt::format("set xtics {}",
                     std::max(plot.whole_x ? 1.0 : 0.0, round_step(plot.x, plot.width / 85.0))));
  }
  if (!plot.top_tics.empty()) {
    line(fmt::format("set x2range [{}:{}]", plot.x.low, plot.x.high));
    line("set x2tics scale 0 offset 0,-0.4 " + tic_list(plot.top_tics));
    line("set x2label " + quoted(plot.top_label) + " offset 0,-0.9");
    line("set grid x2tics");
  }
  return script;
}

// A blank line interrupts the curve.
std::string data(const std::vector<Point>& points) {
  std::string lines;
  for (const Point& point : points) {
    lines += drawable(point) ? fmt::format("{} {}\n", point.x, point.y) : "\n";
  }
  return lines + "e\n";
}

std::string curves(const Plot& plot) {
  std::string command;
  std::string numbers;
  const auto add = [&](const std::vector<Point>& points, const std::string& how) {
    const bool any = std::any_of(points.begin(), points.end(), [](const Point& p) { return drawable(p); });
    if (!any) return;  // gnuplot takes a curve without a point for an error
    command += (command.empty() ? "plot " : ", ") + ("'-' using 1:2 with " + how);
    numbers += data(points);
  };
  for (const Curve& curve : plot.curves) {
    const std::string colour = quoted(gnuplot_colour(curve.ink));
    // Colour is not the only sign: the second run is dashed, for a black and white print too.
    constexpr int kDashes = 5;  // that gnuplot has
    const int dashes =
        curve.ink.kind == Ink::Kind::kRun && !curve.solid ? (curve.ink.run - 1) % kDashes + 1 : 1;
    if (curve.line)
      add(curve.points,
          fmt::format("lines linewidth {} dashtype {} linecolor rgb {}", curve.width, dashes, colour));
    add(curve.markers ? curve.points : isolated(curve.points),
        fmt::format("points pointtype 7 pointsize 0.5 linecolor rgb {}", colour));
  }
  // An empty frame is still a plot: 1/0 is gnuplot's word for no value.
  return command.empty() ? "plot 1/0\n" : command + "\n" + numbers;
}

}  // namespace

Range with_margin(Range range) {
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  // Labels have six digits: differences that they cannot tell apart are drawn as none.
  if (range.high - range.low <= 1e-4 * size) {
    const double margin = size > 0 ? 0.1 * size : 1;
    return {range.low - margin, range.high + margin};
  }
  const double margin = 0.06 * (range.high - range.low);
  return {range.low - margin, range.high + margin};
}

std::string draw_plot(const Plot& plot) {
  const std::string script =
      "set encoding utf8\n" +
      fmt::format("set terminal svg size {},{} dynamic noenhanced font 'sans-serif,13'\n", plot.width,
                  plot.height) +
      "unset key\n" + axes(plot) + curves(plot);
  return inline_svg(run_gnuplot(script), plot.description);
}

}  // namespace evenkeel::report
