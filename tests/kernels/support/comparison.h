// Compares an output with what the oracle says, value by value, and reports once.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

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
                  << " (off by " << static_cast<long double>(actual_) - expected_ << ')';
  }

  void add(std::size_t index, T actual, long double expected, long double tolerance) {
    ++compared_;
    if (!agrees(actual, expected, tolerance)) note(index, actual, expected, tolerance);
  }

  // Expects NaN or an infinity, whichever.
  void add_not_finite(std::size_t index, T actual) {
    ++compared_;
    if (std::isfinite(actual)) note(index, actual, std::numeric_limits<long double>::quiet_NaN(), 0);
  }

 private:
  void note(std::size_t index, T actual, long double expected, long double tolerance) {
    if (wrong_++ > 0) return;
    index_ = index;
    actual_ = actual;
    expected_ = expected;
    tolerance_ = tolerance;
  }

  // NaN is expected as NaN; what is infinite, or beyond the range of T, as that infinity.
  static bool agrees(T actual, long double expected, long double tolerance) {
    if (std::isnan(expected)) return std::isnan(actual);
    if (std::fabs(expected) > static_cast<long double>(std::numeric_limits<T>::max())) {
      return std::isinf(actual) && std::signbit(actual) == std::signbit(expected);
    }
    return std::fabs(static_cast<long double>(actual) - expected) <= tolerance;
  }

  std::string name_;
  std::size_t compared_ = 0;
  std::size_t wrong_ = 0;
  std::size_t index_ = 0;
  T actual_{};
  long double expected_ = 0;
  long double tolerance_ = 0;
};

}  // namespace evenkeel::kernels::test
