#include "report/channel_strip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html.h"
#include "report/series.h"

namespace evenkeel::report {
namespace {

constexpr std::size_t kMostCells = 256;

// Where a value lies between the lowest and the highest, from 0 to 1.
class Scale {
 public:
  explicit Scale(const ChannelStrip& strip) : logarithmic_(strip.logarithmic) {
    std::vector<double> finite;
    for (const double value : strip.values)
      if (std::isfinite(value) && (!logarithmic_ || value > 0)) finite.push_back(on_axis(value));
    if (finite.empty()) return;
    const auto [low, high] = std::minmax_element(finite.begin(), finite.end());
    low_ = *low;
    high_ = *high;
  }

  double place(double value) const {
    if (logarithmic_ && !(value > 0)) return 0;
    return high_ > low_ ? (on_axis(value) - low_) / (high_ - low_) : 0.5;
  }

 private:
  double on_axis(double value) const { return logarithmic_ ? std::log(value) : value; }

  bool logarithmic_;
  double low_ = 0;
  double high_ = 0;
};

struct Cell {
  std::size_t first = 0;
  std::size_t last = 0;   // included
  std::size_t shown = 0;  // the channel whose value it has
  bool marked = false;
};

bool is_marked(const ChannelStrip& strip, std::size_t channel) {
  return !std::isfinite(strip.values[channel]) || (channel < strip.marked.size() && strip.marked[channel]);
}

Cell make_cell(const ChannelStrip& strip, const Scale& scale, std::size_t first, std::size_t last) {
  Cell cell{first, last, first, false};
  const auto weight = [&](std::size_t channel) {  // a marked channel is shown before all others
    return is_marked(strip, channel) ? 2 : std::abs(scale.place(strip.values[channel]) - 0.5);
  };
  for (std::size_t channel = first; channel <= last; ++channel) {
    if (weight(channel) > weight(cell.shown)) cell.shown = channel;
    cell.marked = cell.marked || is_marked(strip, channel);
  }
  return cell;
}

std::string rectangle(const ChannelStrip& strip, const Scale& scale, const Cell& cell, std::size_t place) {
  constexpr double kFaintest = 0.12;
  const double value = strip.values[cell.shown];
  const auto where = cell.first == cell.last
                         ? fmt::format("channel {}", cell.first)
                         : fmt::format("channels {} to {}, {}", cell.first, cell.last, cell.shown);
  const auto colour = cell.marked ? std::string("class=\"marked\" y=\"0\" height=\"10\"")
                                  : fmt::format("y=\"2\" height=\"8\" fill-opacity=\"{:.2f}\"",
                                                kFaintest + (1 - kFaintest) * scale.place(value));
  return fmt::format("<rect x=\"{}\" width=\"1.02\" {}><title>{}: {}</title></rect>", place, colour, where,
                     number_text(value));
}

std::string extent_text(const ChannelStrip& strip) {
  const auto finite = range_of(strip.values);
  return fmt::format("{} to {}", number_text(finite.low), number_text(finite.high));
}

}  // namespace

std::string channel_strip(const ChannelStrip& strip) {
  const auto count = strip.values.size();
  if (count == 0) return "";
  const Scale scale(strip);
  const auto each = (count + kMostCells - 1) / kMostCells;
  std::string cells;
  std::size_t place = 0;
  for (std::size_t first = 0; first < count; first += each, ++place)
    cells +=
        rectangle(strip, scale, make_cell(strip, scale, first, std::min(first + each, count) - 1), place);
  return fmt::format(
      "<div class=\"strip\"><span><b>{0}</b> {1}</span><svg viewBox=\"0 0 {2} 10\" "
      "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{0} of {3} channels, {1}\">{4}</svg></div>\n",
      escape(strip.name), extent_text(strip), place, count, cells);
}

}  // namespace evenkeel::report
