// The pictures of a claim: curves that its seeds measured, drawn together.
#pragma once

#include <string>
#include <vector>

#include "lab/record.h"
#include "report/plot.h"

namespace evenkeel::lab {

struct PictureCurve {
  std::string curve;    // its name in the records
  std::string label{};  // in the legend; empty: none of its own
  int ink = 0;          // colour and dashes; 0: by its place in the picture
};

// One plot. Each curve is drawn as its mean over the seeds, with every seed in a pale line behind it; curves that were not measured are
// left out.
struct Picture {
  std::string file{};  // without .svg
  std::string title{};
  std::string caption{};  // HTML: what to see in it
  std::string x_label{};
  std::string y_label{};
  std::vector<PictureCurve> curves{};
  bool log_x = false;
  bool log_y = false;
  bool markers = false;                   // a dot on every point
  bool smooth = false;                    // the mean is smoothed: for curves of single batches
  bool lines = true;                      // off: dots alone, for what has no order
  std::vector<std::string> same_range{};  // other curves that the vertical axis has room for as well
  std::vector<report::Tic> x_tics{};      // names for places; by default numbers
  std::vector<double> reference_lines{};  // horizontal
};

struct DrawnPicture {
  std::string file;
  std::string title;
  std::string caption;
  std::string svg;     // an element for the page, which has its colours
  std::string legend;  // HTML
};

DrawnPicture draw(const Picture& picture, const std::vector<Record>& seeds);

// The element as a file of its own, with its colours in it.
std::string svg_file(const std::string& element);

}  // namespace evenkeel::lab
