// What `evenkeel inspect --html` writes: for every layer what was found, and a strip of colour for each quantity.
#pragma once

#include <string>

#include "evenkeel/inspect.h"

namespace evenkeel::report {

// One self-contained document.
std::string inspection_page(const Inspection& inspection);

}  // namespace evenkeel::report
