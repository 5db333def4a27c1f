// Compares what a forward call left behind its activation with what the oracle had in front of it.
#pragma once

#include <vector>

#include "kernels/support/comparison.h"
#include "kernels/support/problem.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test {

template <typename T>
class OutputCheck {
 public:
  // `positive` says what the call's bits say; empty when it kept none.
  OutputCheck(const Options& options, const PlacedArray<T>& output, const std::vector<bool>& positive)
      : slope_(options.slope()), output_(output), positive_(positive) {}

  // `before` is the value that the activation gets at element i, known up to `tolerance`.
  void add(std::size_t i, Real before, Real tolerance) {
    if (std::fabs(before) > static_cast<Real>(std::numeric_limits<Parameter<T>>::max())) {
      before = std::copysign(static_cast<Real>(kInfinity), before);
    }
    if (!std::isfinite(before)) tolerance = 0;
    if (slope_ == 1) return outputs_.add(i, output_[i], before, tolerance);
    const bool above = before > tolerance || std::isnan(before);  // NaN goes through
    const bool below = before < -tolerance;
    if (!positive_.empty() && (above || below)) bits_.add(i, positive_[i] ? 1.0 : 0.0, above ? 1 : 0, 0);
    if (above) return outputs_.add(i, output_[i], before, tolerance);
    if (below && slope_ == 0) return outputs_.add_zero(i, output_[i]);
    // Next to the kink the call may be on either side. The activation is continuous: an error grows by its
    // steepest slope at most. The slope is rounded to the arithmetic's type, and so is the product.
    const Real after = before > 0 ? before : slope_ * before;
    const Real steepest = below ? std::fabs(slope_) : std::max<Real>(1, std::fabs(slope_));
    outputs_.add(i, output_[i], after,
                 steepest * tolerance + 2 * kUnit<T> * std::fabs(after) + kUnderflow<T>);
  }

 private:
  const Real slope_;
  const PlacedArray<T>& output_;
  const std::vector<bool>& positive_;
  Comparison<T> outputs_{"output"};
  Comparison<double> bits_{"positive"};
};

}  // namespace evenkeel::kernels::test
