// The types a tensor's values can have, as the tests see them: their range, exact rounding to them, and the way
// to long double and back. Independent of the library's conversions but for value_of().
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenkeel/kernels/element.h"

namespace evenkeel::kernels::test {

using Real = long double;
using ElementTypes = testing::Types<float, double, float16, bfloat16>;

template <typename T>
struct Format {
  static constexpr const char* kName = sizeof(T) == sizeof(float) ? "float" : "double";
  static constexpr int kFractionBits = std::numeric_limits<T>::digits - 1;
  static constexpr int kMinExponent = std::numeric_limits<T>::min_exponent - 1;  // of a normal number
  static constexpr Real kMax = std::numeric_limits<T>::max();
};
template <>
struct Format<float16> {
  static constexpr const char* kName = "float16";
  static constexpr int kFractionBits = 10;
  static constexpr int kMinExponent = -14;
  static constexpr Real kMax = 65504;
};
template <>
struct Format<bfloat16> {
  static constexpr const char* kName = "bfloat16";
  static constexpr int kFractionBits = 7;
  static constexpr int kMinExponent = -126;
  static constexpr Real kMax = 0x1.fep127L;
};

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename T>
Real real(T value) {
  if constexpr (is_half<T>) {
    return static_cast<float>(value);
  } else {
    return value;
  }
}

template <typename T>
T value_of(double value) {
  return static_cast<T>(static_cast<Parameter<T>>(value));
}

// The value of T that is nearest, of two that are equally near the even one; beyond the range: infinity.
template <typename T>
Real rounded(Real value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), Format<T>::kMinExponent);
  const Real unit = std::ldexp(Real{1}, exponent - Format<T>::kFractionBits);
  const Real nearest = std::rint(value / unit) * unit;
  return std::fabs(nearest) > Format<T>::kMax ? std::copysign(static_cast<Real>(kInfinity), value) : nearest;
}

}  // namespace evenkeel::kernels::test
