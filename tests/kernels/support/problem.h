// One batch-norm problem: data, parameters, and how a kernel is called on it.
#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/reference.h"
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

struct Options {
  Placement placement = Placement::kPageEnd;
  bool weight = true;  // false: a null pointer
  bool bias = true;
  bool in_place = false;
  bool grad_input = true;  // false: not wanted, a null pointer
  bool grad_weight = true;
  bool grad_bias = true;
  double eps = 1e-5;
};

template <typename T>
struct Problem {
  Problem(const Geometry& geometry, Style style, std::uint64_t seed, const Options& options = {});

  Geometry geometry;
  Style style;
  std::uint64_t seed;
  Options options;
  std::vector<T> input;
  std::vector<T> grad_output;
  std::vector<T> weight;
  std::vector<T> bias;
  std::vector<T> mean;  // given statistics, for evaluation: near those of the input
  std::vector<T> variance;

  // The parameters as the formulas see them.
  long double weight_of(std::size_t c) const { return options.weight ? weight[c] : T{1}; }
  long double bias_of(std::size_t c) const { return options.bias ? bias[c] : T{0}; }
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Problem<T>& problem);

}  // namespace evenkeel::kernels::test
