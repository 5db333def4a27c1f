// The built-in digits: pictures of handwritten-looking digits that need no download.
#pragma once

#include "data/data_set.h"

namespace evenkeel::data {

// 12 000 pictures to train and 2 000 to test, 28 x 28, every digit equally often. Every picture is drawn anew
// (way of writing, wobble, warp, slant, size, place, pen, contrast, noise, stray marks) from a random stream
// of its own, so that no picture stands in both sets and the pixels are the same on every machine. The name
// of the set stays empty.
DataSet draw_digits();

}  // namespace evenkeel::data
