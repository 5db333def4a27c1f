// Figures as tables show them.
#pragma once

#include <string>
#include <vector>

#include "bench/environment.h"
#include "bench/turns.h"

namespace evenkeel::bench {

inline const std::string kMissing = "-";  // what was not measured

std::string time_text(double seconds);              // "843 us", "12.3 ms", "1.25 s"
std::string variation_text(const Spread& seconds);  // "3 %": between the quartiles, of the median
std::string ratio_text(double ratio);               // "1.25"
std::string times_text(double ratio);               // "5.2x"
std::string timing_text(const Timing& timing);      // "12.3 ms (3 %)", and the mark
std::string mark(bool disturbed);                   // " ~" behind a figure from disturbed samples

// How many samples were dropped, and what the mark means where there is one.
std::string samples_text(const std::vector<Timing>& timings);
std::string environment_text(const Environment& environment);  // a line for each

}  // namespace evenkeel::bench
