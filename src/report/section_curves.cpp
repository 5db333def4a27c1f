// Training loss and test accuracy over the steps, all runs in one plot.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/html.h"
#include "report/legend.h"
#include "report/plot.h"
#include "report/sections.h"

namespace evenkeel::report {
namespace {

constexpr std::size_t kManyPoints = 100;   // from here a curve is smoothed
constexpr std::size_t kDrawnPoints = 600;  // more cannot be told apart in the width of a plot
constexpr std::size_t kMarkedPoints = 60;  // up to here every point is marked

// Everything one of the two plots needs to know.
struct Subject {
  std::string title;
  std::string value;  // one point of it in words
  std::string y_label;
  std::vector<Point> RunForReport::*points;
  double scale = 1;
  bool log_wanted = false;
  Range possible{-std::numeric_limits<double>::infinity(),
                 std::numeric_limits<double>::infinity()};  // of the scaled values
};

std::vector<Point> scaled(std::vector<Point> points, double factor) {
  for (Point& point : points) point.y *= factor;
  return points;
}

std::size_t most_points(const Report& report, const Subject& subject) {
  std::size_t most = 0;
  for (const RunForReport& run : report.runs) most = std::max(most, (run.*subject.points).size());
  return most;
}

// Odd, so that the point itself stands in the middle; a fortieth of the run.
std::size_t window_for(std::size_t points) { return points / 40 | 1; }

Range step_range(const std::vector<std::vector<Point>>& series) {
  std::vector<double> steps = {0};
  for (const auto& points : series) {
    for (const Point& point : points) {
      if (drawable(point)) steps.push_back(point.x);
    }
  }
  Range range = range_of(steps);
  if (range.low == range.high) range.high = range.low + 1;
  range.high += 0.02 * (range.high - range.low);
  return range;
}

// Words on every epoch while there is room for them, else on every second, fifth, tenth, ...
std::vector<Tic> epoch_tics(const Report& report, const Range& steps) {
  const auto run = std::find_if(report.runs.begin(), report.runs.end(),
                                [](const RunForReport& candidate) { return !candidate.epochs.empty(); });
  if (run == report.runs.end()) return {};
  const std::size_t count = run->epochs.size();
  std::size_t every = 1;
  for (std::size_t power = 1; count / every > 10; power *= 10) {
    for (const std::size_t factor : {1, 2, 5}) {
      every = factor * power;
      if (count / every <= 10) break;
    }
  }
  std::vector<Tic> tics;
  for (std::size_t i = every - 1; i < count; i += every) {
    const Point& epoch = run->epochs[i];
    if (drawable(epoch) && epoch.x <= steps.high) tics.push_back({epoch.x, number_text(epoch.y)});
  }
  return tics;
}

// Losses fall by orders of magnitude; a linear axis would show nothing but their first steps.
bool needs_log(const std::vector<double>& values) {
  const Range range = range_of(values);
  return !values.empty() && range.low > 0 && range.high / range.low > 20;
}

std::string legend_of(const Report& report) {
  if (report.runs.size() < 2) return "";
  std::vector<LegendEntry> entries;
  for (const RunForReport& run : report.runs)
    entries.push_back({static_cast<int>(entries.size()) + 1, run.label});
  return legend(entries);
}

// What the plot does not show by itself: smoothing, and values that cannot be drawn.
std::string remarks(const Report& report, const Subject& subject) {
  std::string text;
  const std::size_t longest = most_points(report, subject);
  if (longest > kManyPoints) {
    text += fmt::format(
        "Strong line: the mean of {} neighbouring values. Pale line: the recorded values; of those too close "
        "to tell "
        "apart, the lowest and the highest. ",
        window_for(longest));
  }
  for (const RunForReport& run : report.runs) {
    const auto& points = run.*subject.points;
    const std::size_t missing = count_not_drawable(scaled(points, subject.scale));
    if (missing == 0) continue;
    text += fmt::format("<b>{}: {} of {} values {} not finite or beyond 1e300 and left as {}.</b> ",
                        escape(run.label), missing, points.size(), missing == 1 ? "is" : "are",
                        missing == 1 ? "a gap" : "gaps");
  }
  return text;
}

std::string description(const Report& report, const Subject& subject) {
  std::string text = subject.title + " over the training steps.";
  for (const RunForReport& run : report.runs) {
    const auto values = drawable_ys(run.*subject.points);
    if (values.empty()) continue;
    text += fmt::format(" {}: from {} to {} {}.", run.label, number_text(subject.scale * values.front()),
                        number_text(subject.scale * values.back()), subject.value);
  }
  return text;
}

std::string figure(const Report& report, const Subject& subject) {
  Plot plot;
  plot.description = description(report, subject);
  plot.x_label = "step";
  plot.top_label = "epoch";
  plot.y_label = subject.y_label;

  std::vector<std::vector<Point>> series;
  for (const RunForReport& run : report.runs) series.push_back(scaled(run.*subject.points, subject.scale));
  plot.x = step_range(series);
  plot.top_tics = epoch_tics(report, plot.x);

  // The longest run decides for all, so that what differs in the plot differs in the runs.
  const std::size_t longest = most_points(report, subject);
  const bool many = longest > kManyPoints;
  std::vector<Curve> strong;
  std::vector<double> strong_values;
  std::vector<double> all_values;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::vector<Point>& points = series[i];
    const int run = static_cast<int>(i) + 1;
    if (many) plot.curves.push_back({thin(points, kDrawnPoints), {Ink::Kind::kFaint, run}, 1, false});
    const auto line = many ? smooth(points, window_for(longest)) : points;
    strong.push_back({thin(line, kDrawnPoints), {Ink::Kind::kRun, run}, 2, longest <= kMarkedPoints});
    for (const double y : drawable_ys(line)) strong_values.push_back(y);
    for (const double y : drawable_ys(points)) all_values.push_back(y);
  }
  const std::string head = fmt::format("<figure>\n<h3>{}</h3>\n", subject.title);
  const std::string caption =
      "<figcaption>" + legend_of(report) + remarks(report, subject) + "</figcaption>\n</figure>\n";
  if (all_values.empty()) {
    return head + "<p>Nothing to draw: no finite value was recorded.</p>\n" + caption;
  }
  plot.curves.insert(plot.curves.end(), strong.begin(), strong.end());  // above the pale ones

  plot.log_y = subject.log_wanted && needs_log(strong_values);
  if (plot.log_y) {
    // Single batches near zero loss would stretch the axis far below the curve: they may leave the frame.
    plot.y = {range_of(strong_values).low / 2, range_of(all_values).high * 1.5};
    plot.y_label += ", logarithmic";
  } else {
    const Range airy = with_margin(range_of(all_values));
    plot.y = {std::max(airy.low, subject.possible.low), std::min(airy.high, subject.possible.high)};
  }
  return head + draw_plot(plot) + caption;
}

}  // namespace

std::string curves_section(const Report& report) {
  return "<section>\n<h2>How the training went</h2>\n<div class=\"curves\">\n" +
         figure(report,
                {"Training loss", "cross-entropy", "training loss", &RunForReport::train_loss, 1, true}) +
         figure(
             report,
             {"Test accuracy", "%", "test accuracy, %", &RunForReport::test_accuracy, 100, false, {0, 100}}) +
         "</div>\n</section>\n";
}

}  // namespace evenkeel::report
