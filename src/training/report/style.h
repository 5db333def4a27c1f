#pragma once

#include <string_view>

namespace evenkeel::training {

// The style sheet of the page: light, dark, narrow and on paper.
std::string_view page_style();

}  // namespace evenkeel::training
