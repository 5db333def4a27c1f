// Compares an output with what the oracle says, value by value, and reports once.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "kernels/support/element_types.h"

namespace evenkeel::kernels::test {

template <typename T>
class Comparison {
 public:
  explicit Comparison(std::string name) : name_(std::move(name)) {}
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  ~Comparison() {
    if (wrong_ == 0) return;
    ADD_FAILURE() << wrong_ << " of " << compared_ << " values of " << name_ << " are wrong, first ["
                  << index_ << "]: expected " << expected_ << " +- " << tolerance_ << ", got " << actual_
                  << " (off by " << actual_ - expected_ << ')';
  }

  void add(std::size_t index, T actual, Real expected, Real tolerance) {
    ++compared_;
    if (!agrees(real(actual), expected, tolerance)) note(index, real(actual), expected, tolerance);
  }

  // Expects NaN or an infinity, whichever.
  void add_not_finite(std::size_t index, T actual) {
    ++compared_;
    if (std::isfinite(real(actual))) note(index, real(actual), static_cast<Real>(kNan), 0);
  }

  // Expects 0, and not -0.
  void add_zero(std::size_t index, T actual) {
    ++compared_;
    if (real(actual) != 0 || std::signbit(real(actual))) note(index, real(actual), 0, 0);
  }

 private:
  void note(std::size_t index, Real actual, Real expected, Real tolerance) {
    if (wrong_++ > 0) return;
    index_ = index;
    actual_ = actual;
    expected_ = expected;
    tolerance_ = tolerance;
  }

  // NaN is expected as NaN; what is infinite, or beyond the range of T, as that infinity. For a half the tolerance
  // is that of the arithmetic before it is stored: rounding keeps the order, so the result lies between the
  // halves that the ends of the interval are rounded to.
  static bool agrees(Real actual, Real expected, Real tolerance) {
    if (std::isnan(expected)) return std::isnan(actual);
    if (std::isinf(expected)) return actual == expected;
    if constexpr (is_half<T>) {
      if (actual == rounded<T>(expected)) return true;
      return actual >= rounded<T>(expected - tolerance) && actual <= rounded<T>(expected + tolerance);
    } else if (std::fabs(expected) > Format<T>::kMax) {
      return std::isinf(actual) && std::signbit(actual) == std::signbit(expected);
    } else {
      return std::fabs(actual - expected) <= tolerance;
    }
  }

  std::string name_;
  std::size_t compared_ = 0;
  std::size_t wrong_ = 0;
  std::size_t index_ = 0;
  Real actual_ = 0;
  Real expected_ = 0;
  Real tolerance_ = 0;
};

}  // namespace evenkeel::kernels::test
