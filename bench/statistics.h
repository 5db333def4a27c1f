// What many timings of one thing come down to.
#pragma once

#include <vector>

namespace evenkeel::bench {

struct Spread {
  double low_quartile = 0;
  double median = 0;
  double high_quartile = 0;
};

// Quantiles between two values are interpolated linearly, as NumPy does. NaN without a value.
Spread spread(std::vector<double> values);

// Of the values above 0; NaN when there is none. What is not measured (NaN) is left out.
double geometric_mean(const std::vector<double>& values);

}  // namespace evenkeel::bench
