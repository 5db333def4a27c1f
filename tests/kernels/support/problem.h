// One batch-norm problem: data, parameters, and how a kernel is called on it.
#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/reference.h"
#include "kernels/support/element_types.h"
#include "kernels/support/inputs.h"
#include "kernels/support/placed_array.h"

namespace evenkeel::kernels::test {

// What computes: the public kernels on an executor, or the scalar reference.
class Subject {
 public:
  explicit Subject(Executor& executor) : executor_(&executor) {}
  static Subject reference() { return Subject(); }

  template <typename Call>
  void operator()(const Call& call) const {
    if (executor_) {
      run(call, *executor_);
    } else {
      reference::run(call);
    }
  }

 private:
  Subject() = default;
  Executor* executor_ = nullptr;
};

// How a kernel is called.
struct Options {
  Placement placement = Placement::kPageEnd;
  bool weight = true;  // false: a null pointer
  bool bias = true;
  bool in_place = false;
  bool grad_input = true;  // false: not wanted, a null pointer
  bool grad_weight = true;
  bool grad_bias = true;
  double eps = 1e-5;
  bool residual = false;       // true: one is added
  bool into_residual = false;  // its memory is that of the output
  Activation activation = Activation::kNone;
  double negative_slope = 0.25;
  bool positive = true;  // false: no bits wanted of a forward call, a null pointer
  bool grad_residual = true;

  // What a negative value is multiplied with.
  Real slope() const {
    if (activation == Activation::kNone) return 1;
    return activation == Activation::kReLU ? 0 : static_cast<Real>(negative_slope);
  }
  bool activated() const { return activation != Activation::kNone; }
};

// Cycles through places in memory, null and aliased arguments, residuals and activations as cases go by.
Options varied_options(std::size_t number);

template <typename T>
struct Problem {
  using R = Parameter<T>;
  Problem(const Geometry& geometry, Style style, std::uint64_t seed, const Options& options = {});

  Geometry geometry;
  Style style;
  std::uint64_t seed;
  Options options;
  std::vector<T> input;
  std::vector<T> residual;
  std::vector<T> grad_output;
  std::vector<R> weight;
  std::vector<R> bias;
  std::vector<R> mean;  // given statistics, for evaluation: near those of the input
  std::vector<R> variance;

  // The parameters as the formulas see them.
  Real weight_of(std::size_t c) const { return options.weight ? weight[c] : R{1}; }
  Real bias_of(std::size_t c) const { return options.bias ? bias[c] : R{0}; }
  Real residual_of(std::size_t i) const { return options.residual ? real(residual[i]) : Real{0}; }
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Problem<T>& problem);

}  // namespace evenkeel::kernels::test
