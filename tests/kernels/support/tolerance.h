// How far a kernel's result may be from the oracle's. Every bound is (number of roundings) * (unit roundoff)
// * (size of what is rounded); nothing here was found by trying.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/support/element_types.h"

namespace evenkeel::kernels::test {

// The relative error of one rounding in the arithmetic on values of T: 2^-24 for float and the halves, 2^-53 for
// double. What a half loses when it is stored at last is Comparison's business.
template <typename T>
inline constexpr Real kUnit = std::numeric_limits<Parameter<T>>::epsilon() / Real{2};

// The relative error, against the sum of magnitudes, of a sum of `count` terms added up in double one after
// the other: (count - 1) roundings, which equal terms can all drive the same way. The rest is for the terms
// themselves.
inline Real double_sum_error(std::int64_t count) { return (static_cast<Real>(count) + 8) * kUnit<double>; }

// The same for a sum of T. Float adds up in float chains of at most 64 terms, each rounding 2^-24 of a
// partial sum, and collects the chains in double.
template <typename T>
Real sum_error(std::int64_t count) {
  return double_sum_error(count) + (std::is_same_v<Parameter<T>, float> ? 64 * kUnit<float> : Real{0});
}

// Relative error of a variance whose channel has |mean| / std = ratio.
// Float: what batch_norm.h promises, 1e-6 up to a ratio of 1e4 and 1e-3 at 1e6, with a power law between the
// two. Double: sums of squares about a shift up to ten standard deviations from the mean, 1 + 10^2 times what
// they leave.
template <typename T>
Real variance_error(Real ratio, std::int64_t count) {
  if constexpr (std::is_same_v<Parameter<T>, float>) {
    return ratio <= 1e4L ? 1e-6L : 1e-6L * std::pow(ratio / 1e4L, 1.5L);
  } else {
    return 101 * double_sum_error(count);
  }
}

// Error of a mean in standard deviations, besides the rounding of the mean itself. The sum of deviations from
// the shift is kept at least as well as the sum of their squares.
template <typename T>
Real mean_error(Real ratio, std::int64_t count) {
  return variance_error<T>(ratio, count);
}

// Results below the smallest normal number are rounded to a multiple of this, and so may be two intermediate
// ones.
template <typename T>
inline constexpr Real kUnderflow = 4 * static_cast<Real>(std::numeric_limits<Parameter<T>>::denorm_min());

}  // namespace evenkeel::kernels::test
