#pragma once

#include <string>

namespace evenkeel::report {

// The style sheet of the page: light, dark, narrow and on paper.
std::string page_style();

// The part of it that a plot needs: the colours and the inks.
std::string plot_style();

}  // namespace evenkeel::report
