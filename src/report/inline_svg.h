// gnuplot's SVG document made into an element of the page.
#pragma once

#include <string>

#include "report/plot.h"

namespace evenkeel::report {

// The colour to give gnuplot for an ink. No person sees it: inline_svg() replaces it by the ink's class.
std::string gnuplot_colour(Ink ink);

// The <svg> element of `document`: no ids (there are many plots in one page), no fonts and no colours of its
// own (the page decides, in light and in dark), and `description` as its text. Throws std::runtime_error when
// `document` holds no <svg>.
std::string inline_svg(const std::string& document, const std::string& description);

}  // namespace evenkeel::report
