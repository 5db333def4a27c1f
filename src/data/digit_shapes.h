// How people write the ten digits: the pen's way, before any handwriting wobbles.
#pragma once

#include <span>
#include <vector>

#include "data/canvas.h"

namespace evenkeel::data {

// Points that the pen passes through on a smooth curve; two points are a straight line. A sharp corner is the
// end of one stroke and the start of the next.
using Stroke = std::vector<Point>;

// One way to write a digit. Unit: a hundredth of the digit's height; (0, 0) is the middle of the digit.
using Glyph = std::vector<Stroke>;

// Every way in which `digit`, 0 to 9, is written.
std::span<const Glyph> glyphs_of(int digit);

}  // namespace evenkeel::data
