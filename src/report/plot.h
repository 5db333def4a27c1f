// Plots with labelled axes, drawn by gnuplot as SVG that lives inside the page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/report.h"
#include "report/series.h"

namespace evenkeel::report {

// The page's style gives every ink its colour, in light and in dark: class "ink-1" to "ink-8" for the runs in
// their order, "faint-1" to "faint-8" for the same colours, pale, and "ink-reference" for a line to compare
// with.
struct Ink {
  enum class Kind { kRun, kFaint, kReference };
  Kind kind = Kind::kRun;
  int run = 1;  // from 1
};
inline constexpr int kInks = 8;

struct Curve {
  std::vector<Point> points;  // points that are not drawable are gaps
  Ink ink;
  double width = 2;
  bool markers = false;  // a dot on every point
  bool solid = false;    // without the dashes that tell one run from another
  bool line = true;      // off: dots alone, which then have to be asked for
};

// A labelled place on an axis; an empty label is a line without words.
struct Tic {
  double position = 0;
  std::string label;
};

struct Plot {
  std::string description;  // what a person who cannot see it is told
  int width = 440;          // the font has a fixed size in these units; the page scales the whole
  int height = 300;
  std::string x_label;
  std::string y_label;
  std::string top_label;  // of the axis above, drawn when it has tics
  Range x;
  Range y;
  bool log_x = false;         // x.low must be positive
  bool log_y = false;         // y.low must be positive
  bool whole_x = true;        // steps and channels are counted: no tics between whole numbers
  std::vector<Tic> x_tics;    // where empty, round numbers
  std::vector<Tic> y_tics;    // where empty, round numbers
  std::vector<Tic> top_tics;  // each with a line from top to bottom
  std::vector<Curve> curves;
};

// The <svg> element. Throws std::runtime_error, see run_gnuplot().
std::string draw_plot(const Plot& plot);

// The range with some air around it, so that no curve runs along the frame; a single value gets a range
// around itself.
Range with_margin(Range range);

}  // namespace evenkeel::report
