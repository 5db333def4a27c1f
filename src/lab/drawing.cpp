#include "lab/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "report/html.h"
#include "report/legend.h"
#include "report/style.h"

namespace evenkeel::lab {
namespace {

using report::Curve;
using report::Ink;
using report::Plot;
using report::Range;

constexpr std::size_t kDrawnPoints = 600;
constexpr std::size_t kSmoothed = 20;  // a smoothed point is the mean of this part of a curve

std::vector<std::vector<Point>> curves_of(const std::string& name, const std::vector<Record>& seeds) {
  std::vector<std::vector<Point>> curves;
  for (const auto& seed : seeds)
    if (seed.has_curve(name)) curves.push_back(seed.curve(name));
  return curves;
}

// Point by point where all seeds measured at the same places; nothing else could be averaged.
std::vector<Point> mean_of(const std::vector<std::vector<Point>>& curves) {
  auto mean = curves.front();
  for (const auto& curve : curves)
    if (!same_places(curve, mean)) return {};
  for (std::size_t i = 0; i < mean.size(); ++i) {
    double sum = 0;
    for (const auto& curve : curves) sum += curve[i].y;
    mean[i].y = sum / static_cast<double>(curves.size());
  }
  return mean;
}

// On a logarithmic axis there is no place for what is not positive.
std::vector<Point> drawable_on(const Picture& picture, std::vector<Point> points) {
  for (auto& point : points)
    if ((picture.log_y && point.y <= 0) || (picture.log_x && point.x <= 0))
      point.y = std::numeric_limits<double>::quiet_NaN();
  return points;
}

report::Range with_air(report::Range range, bool logarithmic) {
  if (!logarithmic) return report::with_margin(range);
  const double air = std::max(std::pow(range.high / range.low, 0.06), 1.05);
  return {range.low / air, range.high * air};
}

class Drawing {
 public:
  Drawing(const Picture& picture, const std::vector<Record>& seeds) : picture_(picture) {
    plot_.description = picture.title + ".";
    plot_.x_label = picture.x_label;
    plot_.y_label = picture.y_label;
    plot_.log_x = picture.log_x;
    plot_.log_y = picture.log_y;
    plot_.x_tics = picture.x_tics;
    plot_.whole_x = false;
    int place = 0;
    for (const auto& curve : picture.curves) add(curve, ++place, curves_of(curve.curve, seeds));
    for (const auto& name : picture.same_range)
      for (const auto& points : curves_of(name, seeds))
        for (const double y : report::drawable_ys(drawable_on(picture, points))) ys_.push_back(y);
    plot_.curves.insert(plot_.curves.end(), strong_.begin(), strong_.end());  // above the pale ones
  }

  DrawnPicture finish() {
    const std::string legend = report::legend(entries_);
    if (ys_.empty())
      return {picture_.file, picture_.title, picture_.caption,
              "<p>Nothing to draw: no finite value was measured.</p>", ""};
    for (const double reference : picture_.reference_lines) ys_.push_back(reference);
    // Places with names have no measure: half a place of air. On a logarithmic axis the tics are numbers.
    plot_.x = picture_.x_tics.empty() || picture_.log_x
                  ? with_air(report::range_of(xs_), picture_.log_x)
                  : report::Range{report::range_of(xs_).low - 0.5, report::range_of(xs_).high + 0.5};
    plot_.y = with_air(report::range_of(ys_), picture_.log_y);
    for (const double reference : picture_.reference_lines)
      plot_.curves.push_back(
          {{{plot_.x.low, reference}, {plot_.x.high, reference}}, {report::Ink::Kind::kReference, 1}, 1});
    return {picture_.file, picture_.title, picture_.caption, report::draw_plot(plot_), legend};
  }

 private:
  void add(const PictureCurve& wanted, int place, const std::vector<std::vector<Point>>& curves) {
    if (curves.empty()) return;
    const int ink = wanted.ink > 0 ? wanted.ink : place;
    auto mean = drawable_on(picture_, mean_of(curves));
    if (picture_.smooth && mean.size() > kSmoothed)
      mean = report::smooth(mean, (mean.size() / kSmoothed) | 1);
    for (const auto& each : curves) {
      const auto points = drawable_on(picture_, each);
      for (const auto& point : points)
        if (report::drawable(point)) {
          xs_.push_back(point.x);
          ys_.push_back(point.y);
        }
      if (curves.size() > 1 || mean.empty() || picture_.smooth)
        plot_.curves.push_back(line(points, {report::Ink::Kind::kFaint, ink}, 1));
    }
    if (!mean.empty()) strong_.push_back(line(mean, {report::Ink::Kind::kRun, ink}, 2));
    if (!wanted.label.empty()) entries_.push_back({ink, wanted.label});
    plot_.description += fmt::format(" {}: {} points.", wanted.label.empty() ? wanted.curve : wanted.label,
                                     curves.front().size());
  }

  report::Curve line(const std::vector<Point>& points, report::Ink ink, double width) const {
    report::Curve curve{report::thin(points, kDrawnPoints), ink, width, picture_.markers};
    curve.line = picture_.lines;
    return curve;
  }

  const Picture& picture_;
  report::Plot plot_;
  std::vector<report::Curve> strong_;
  std::vector<double> xs_;
  std::vector<double> ys_;
  std::vector<report::LegendEntry> entries_;
};

}  // namespace

DrawnPicture draw(const Picture& picture, const std::vector<Record>& seeds) {
  return Drawing(picture, seeds).finish();
}

std::string svg_file(const std::string& element) {
  constexpr std::string_view kBegin = "<svg ";
  if (!element.starts_with(kBegin)) return "";  // nothing was drawn
  const auto end = element.find('>');
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" {}\n<style>{}svg {{ background: var(--paper); }}</style>{}",
      element.substr(kBegin.size(), end + 1 - kBegin.size()), report::plot_style(), element.substr(end + 1));
}

}  // namespace evenkeel::lab
