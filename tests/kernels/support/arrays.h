// The memory that the calls on a problem work on, and the calls themselves.
#pragma once

#include <gtest/gtest.h>

#include "kernels/support/problem.h"

namespace evenkeel::kernels::test {

template <typename T>
class ForwardArrays {
 public:
  using R = Parameter<T>;

  explicit ForwardArrays(const Problem<T>& problem)
      : problem_(problem),
        input_(problem.input, placement()),
        residual_(problem.options.residual ? problem.residual : std::vector<T>(), placement()),
        separate_(into_input() || into_residual() ? 0 : problem.input.size(), placement()),
        weight_(problem.weight, placement()),
        bias_(problem.bias, placement()),
        positive_(keeps_bits() ? static_cast<std::size_t>(positive_bytes<T>(problem.geometry)) : 0,
                  placement()) {}

  const PlacedArray<T>& output() const {
    return into_residual() ? residual_ : into_input() ? input_ : separate_;
  }
  bool keeps_bits() const { return problem_.options.activated() && problem_.options.positive; }
  const std::uint8_t* positive() const { return keeps_bits() ? positive_.data() : nullptr; }

  TrainingForward<T> training(double* mean, double* m2) const {
    TrainingForward<T> call = filled<TrainingForward<T>>();
    call.mean = mean;
    call.m2 = m2;
    return call;
  }

  EvaluationForward<T> evaluation(const R* mean, const R* variance) const {
    EvaluationForward<T> call = filled<EvaluationForward<T>>();
    call.mean = mean;
    call.variance = variance;
    return call;
  }

  void expect_nothing_else_written() const {
    EXPECT_TRUE(&output() == &input_ || input_.equals(problem_.input)) << "input changed";
    EXPECT_TRUE(!problem_.options.residual || into_residual() || residual_.equals(problem_.residual))
        << "residual changed";
    EXPECT_TRUE(weight_.equals(problem_.weight)) << "weight changed";
    EXPECT_TRUE(bias_.equals(problem_.bias)) << "bias changed";
    EXPECT_TRUE(output().surroundings_intact()) << "written outside output";
    EXPECT_TRUE(positive_.surroundings_intact()) << "written outside the positive bits";
  }

 private:
  Placement placement() const { return problem_.options.placement; }
  bool into_residual() const { return problem_.options.residual && problem_.options.into_residual; }
  bool into_input() const { return problem_.options.in_place; }

  template <typename Call>
  Call filled() const {
    const Options& options = problem_.options;
    Call call;
    call.geometry = problem_.geometry;
    call.input = input_.data();
    call.weight = options.weight ? weight_.data() : nullptr;
    call.bias = options.bias ? bias_.data() : nullptr;
    call.eps = options.eps;
    call.output = output().data();
    call.residual = options.residual ? residual_.data() : nullptr;
    call.activation = options.activation;
    call.negative_slope = options.negative_slope;
    call.positive = keeps_bits() ? positive_.data() : nullptr;
    return call;
  }

  const Problem<T>& problem_;
  PlacedArray<T> input_, residual_, separate_;
  PlacedArray<R> weight_, bias_;
  PlacedArray<std::uint8_t> positive_;
};

// A problem whose forward keeps its bits, for a backward to take.
template <typename T>
Problem<T> with_bits(Problem<T> problem) {
  problem.options.positive = true;
  return problem;
}

template <typename T>
class BackwardArrays {
 public:
  using R = Parameter<T>;

  // `positive` as a forward on the same problem wrote it.
  BackwardArrays(const Problem<T>& problem, const std::uint8_t* positive)
      : problem_(problem),
        positive_(positive),
        input_(problem.input, placement()),
        grad_output_(problem.grad_output, placement()),
        separate_(problem.options.in_place ? 0 : problem.input.size(), placement()),
        grad_residual_(wants_grad_residual() ? problem.input.size() : 0, placement()),
        weight_(problem.weight, placement()),
        grad_weight_(problem.weight.size(), placement()),
        grad_bias_(problem.weight.size(), placement()) {}

  const PlacedArray<T>& grad_input() const { return problem_.options.in_place ? grad_output_ : separate_; }
  const PlacedArray<T>& grad_residual() const { return grad_residual_; }
  const PlacedArray<R>& grad_weight() const { return grad_weight_; }
  const PlacedArray<R>& grad_bias() const { return grad_bias_; }
  bool wants_grad_residual() const {
    const Options& options = problem_.options;
    return options.activated() && options.grad_input && options.grad_residual;
  }

  TrainingBackward<T> training(const double* mean, const double* m2) const {
    TrainingBackward<T> call = filled<TrainingBackward<T>>();
    call.input = input_.data();
    call.mean = mean;
    call.m2 = m2;
    return call;
  }

  EvaluationBackward<T> evaluation(const R* mean, const R* variance) const {
    EvaluationBackward<T> call = filled<EvaluationBackward<T>>();
    call.input = problem_.options.grad_weight ? input_.data() : nullptr;
    call.mean = mean;
    call.variance = variance;
    return call;
  }

  void expect_nothing_else_written() const {
    const Options& options = problem_.options;
    EXPECT_TRUE(input_.equals(problem_.input)) << "input changed";
    EXPECT_TRUE(weight_.equals(problem_.weight)) << "weight changed";
    if (!options.in_place || !options.grad_input) {
      EXPECT_TRUE(grad_output_.equals(problem_.grad_output)) << "grad_output changed";
    }
    EXPECT_TRUE(grad_input().surroundings_intact()) << "written outside grad_input";
    EXPECT_TRUE(grad_residual_.surroundings_intact()) << "written outside grad_residual";
    EXPECT_TRUE(grad_weight_.surroundings_intact()) << "written outside grad_weight";
    EXPECT_TRUE(grad_bias_.surroundings_intact()) << "written outside grad_bias";
  }

 private:
  Placement placement() const { return problem_.options.placement; }

  template <typename Call>
  Call filled() const {
    const Options& options = problem_.options;
    Call call;
    call.geometry = problem_.geometry;
    call.grad_output = grad_output_.data();
    call.weight = options.weight ? weight_.data() : nullptr;
    call.eps = options.eps;
    call.grad_input = options.grad_input ? grad_input().data() : nullptr;
    call.grad_weight = options.grad_weight ? grad_weight_.data() : nullptr;
    call.grad_bias = options.grad_bias ? grad_bias_.data() : nullptr;
    call.activation = options.activation;
    call.negative_slope = options.negative_slope;
    call.positive = positive_;
    call.grad_residual = wants_grad_residual() ? grad_residual_.data() : nullptr;
    return call;
  }

  const Problem<T>& problem_;
  const std::uint8_t* positive_;
  PlacedArray<T> input_, grad_output_, separate_, grad_residual_;
  PlacedArray<R> weight_, grad_weight_, grad_bias_;
};

}  // namespace evenkeel::kernels::test
