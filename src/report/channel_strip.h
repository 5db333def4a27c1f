// A quantity of all channels of a layer as one strip of colour.
#pragma once

#include <string>
#include <vector>

namespace evenkeel::report {

struct ChannelStrip {
  std::string name;
  std::vector<double> values;  // one per channel
  std::vector<bool> marked;    // which to point out; those that are not finite are in any case
  bool logarithmic = false;    // values of 0 and below then have the colour of the lowest above
};

// A label with the extent of the values, and an <svg> of at most 256 cells with a tooltip each; where there are more
// channels, a cell stands for some in a row and shows the one farthest from the middle. Nothing without values.
std::string channel_strip(const ChannelStrip& strip);

}  // namespace evenkeel::report
