// Normalising with moments that the caller has, and the gradient through moments of weighted positions.
#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/kernels/instruction_set.h"
#include "kernels/support/arrays.h"
#include "kernels/support/comparison.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/oracle.h"
#include "kernels/support/positive.h"
#include "kernels/support/tolerance.h"
#include "kernels/support/weights.h"

namespace evenkeel::kernels::test::given_moments_test {
namespace {

template <typename T>
class GivenMomentsTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(GivenMomentsTest, Types);

template <typename T>
GivenMomentsForward<T> with_given_moments(const TrainingForward<T>& call) {
  return {call.geometry, call.input,  call.weight,   call.bias,       call.mean,           call.m2,      1.0,
          call.eps,      call.output, call.residual, call.activation, call.negative_slope, call.positive};
}

TYPED_TEST(GivenMomentsTest, TheForwardsOwnMomentsGiveItsBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    const Problem<TypeParam> problem(geometry, Style::kOffset100, 31, varied_options(number++));
    SCOPED_TRACE(problem);
    const ForwardArrays<TypeParam> own(problem), given(problem);
    std::vector<double> mean(problem.weight.size()), m2(mean.size());
    run(own.training(mean.data(), m2.data()), three_threads());
    GivenMomentsForward<TypeParam> call = with_given_moments(given.training(mean.data(), m2.data()));
    call.count = static_cast<double>(geometry.count());
    run(call, three_threads());
    given.expect_nothing_else_written();
    for (std::size_t i = 0; i < problem.input.size(); ++i) {
      ASSERT_EQ(given.output()[i], own.output()[i]) << i;
    }
    if (!own.keeps_bits()) continue;
    const Subject subject(three_threads());
    EXPECT_EQ(read_positive<TypeParam>(geometry, given.positive(), subject),
              read_positive<TypeParam>(geometry, own.positive(), subject));
  }
}

// What the gradient of a weighted batch is, in long double.
template <typename T>
struct WeightedGradient {
  const Problem<T>& problem;
  const std::vector<Parameter<T>>& weights;
  std::vector<double> mean, m2;
  double count = 0;

  WeightedGradient(const Problem<T>& of, const std::vector<Parameter<T>>& its_weights)
      : problem(of), weights(its_weights), mean(of.weight.size()), m2(of.weight.size()) {
    reference::run(
        WeightedMoments<T>{of.geometry, of.input.data(), weights.data(), &count, mean.data(), m2.data()});
  }

  // `positive` is empty without an activation.
  void expect(const BackwardArrays<T>& arrays, const std::vector<bool>& positive) const {
    const auto gradient = [&](std::size_t i) {
      const Real slope = positive.empty() || positive[i] ? Real{1} : problem.options.slope();
      return slope * real(problem.grad_output[i]);
    };
    const std::size_t channels = mean.size();
    std::vector<Real> sum(channels, 0), dot(channels, 0), abs_sum(channels, 0), abs_dot(channels, 0);
    oracle::for_each_element(problem.geometry, [&](std::size_t c, std::size_t i) {
      const Real g = gradient(i);
      if (g == 0 && weights[position_of(problem.geometry, i)] == 0) return;
      const Real deviation = real(problem.input[i]) - static_cast<Real>(mean[c]);
      sum[c] += g;
      dot[c] += g * deviation;
      abs_sum[c] += std::fabs(g);
      abs_dot[c] += std::fabs(g * deviation);
    });
    const Real error = sum_error<T>(problem.geometry.count()) + 4 * kUnit<T>;
    Comparison<T> grad_inputs("grad_input");
    Comparison<Parameter<T>> grad_weights("grad_weight"), grad_biases("grad_bias");
    const auto invstd = [&](std::size_t c) {
      return 1 / std::sqrt(static_cast<Real>(m2[c]) / static_cast<Real>(count) +
                           static_cast<Real>(problem.options.eps));
    };
    for (std::size_t c = 0; c < channels; ++c) {
      const Real mean_rounding = kUnit<T> * std::fabs(static_cast<Real>(mean[c]));
      if (problem.options.grad_weight) {
        grad_weights.add(c, arrays.grad_weight()[c], dot[c] * invstd(c),
                         invstd(c) * (2 * error * abs_dot[c] + mean_rounding * abs_sum[c]));
      }
      if (problem.options.grad_bias) {
        grad_biases.add(c, arrays.grad_bias()[c], sum[c], error * abs_sum[c] + kUnderflow<T>);
      }
    }
    if (!problem.options.grad_input) return;
    oracle::for_each_element(problem.geometry, [&](std::size_t c, std::size_t i) {
      const Real share =
          static_cast<Real>(weights[position_of(problem.geometry, i)]) / static_cast<Real>(count);
      const Real scale = problem.weight_of(c) * invstd(c);
      const Real g = gradient(i);
      if (share == 0) {
        grad_inputs.add(i, arrays.grad_input()[i], scale * g,
                        4 * kUnit<T> * std::fabs(scale * g) + kUnderflow<T>);
        return;
      }
      const Real n = (real(problem.input[i]) - static_cast<Real>(mean[c])) * invstd(c);
      const Real rest = share * (sum[c] + n * dot[c] * invstd(c));
      // The errors of the sums, eight roundings of each term, and a mean that a T rounds.
      const Real of_sums = share * (abs_sum[c] + std::fabs(n) * abs_dot[c] * invstd(c));
      const Real of_mean = share * kUnit<T> * std::fabs(static_cast<Real>(mean[c])) * invstd(c) *
                           (std::fabs(n) * abs_sum[c] + std::fabs(dot[c] * invstd(c)));
      grad_inputs.add(
          i, arrays.grad_input()[i], scale * (g - rest),
          std::fabs(scale) * (8 * kUnit<T> * std::fabs(g) + (error + 8 * kUnit<T>)*of_sums + of_mean) +
              kUnderflow<T>);
    });
  }
};

// A batch whose left out positions hold NaN and Inf, and get no gradient, or a usual one.
template <typename T>
void expect_right_gradient(const Geometry& geometry, Pattern pattern, Options options,
                           const Subject& subject) {
  options.in_place = false;
  Problem<T> problem(geometry, Style::kPlain, 32, options);
  SCOPED_TRACE(problem);
  const auto weights = make_weights<Parameter<T>>(geometry, pattern, 33);
  if (pattern == Pattern::kBinary) {
    spoil(problem.input, geometry, weights);
    for (std::size_t i = 0; i < problem.input.size(); ++i) {
      if (weights[position_of(geometry, i)] == 0) problem.grad_output[i] = value_of<T>(0);
    }
  }
  const WeightedGradient<T> expected(problem, weights);
  const Problem<T> forward_problem = with_bits(problem);
  const ForwardArrays<T> forward(forward_problem);
  std::vector<double> mean = expected.mean, m2 = expected.m2;
  GivenMomentsForward<T> forward_call = with_given_moments(forward.training(mean.data(), m2.data()));
  forward_call.count = expected.count;
  subject(forward_call);
  std::vector<bool> positive;
  if (forward.keeps_bits()) positive = read_positive<T>(geometry, forward.positive(), subject);

  const BackwardArrays<T> arrays(problem, forward.positive());
  const PlacedArray<Parameter<T>> placed(weights, Placement::kPageEnd);
  TrainingBackward<T> call = arrays.training(mean.data(), m2.data());
  call.count = expected.count;
  call.position_weights = placed.data();
  subject(call);
  arrays.expect_nothing_else_written();
  expected.expect(arrays, positive);
}

TYPED_TEST(GivenMomentsTest, TheGradientOfAWeightedBatchAgreesWithTheOracle) {
  std::size_t number = 0;
  for (const Geometry& geometry : small_geometries()) {
    for (Pattern pattern : {Pattern::kOnes, Pattern::kBinary, Pattern::kFractions}) {
      for (int k = 0; k < 4; ++k) {
        const Options options = varied_options(number++);
        expect_right_gradient<TypeParam>(geometry, pattern, options, Subject(three_threads()));
        if (k == 0) expect_right_gradient<TypeParam>(geometry, pattern, options, Subject::reference());
      }
    }
  }
}

TYPED_TEST(GivenMomentsTest, TheGradientOfAWeightedBatchAgreesOnEveryInstructionSet) {
  std::size_t number = 0;
  for (const std::string& name : supported_instruction_sets()) {
    use_instruction_set(name);
    SCOPED_TRACE(name);
    for (const Geometry& geometry : critical_geometries(5'000, 34)) {
      expect_right_gradient<TypeParam>(geometry, Pattern::kBinary, varied_options(number++),
                                       Subject(three_threads()));
    }
  }
  use_instruction_set("best");
}

TYPED_TEST(GivenMomentsTest, TheGradientOfAWeightedBatchHasTheSameBitsOnEveryExecutor) {
  for (const Geometry& geometry : {Geometry{100, 20, 576}, {40'000, 16, 1}, {300, 33, 49}}) {
    const Problem<TypeParam> problem(geometry, Style::kPlain, 35);
    const auto weights = make_weights<Parameter<TypeParam>>(geometry, Pattern::kFractions, 36);
    const WeightedGradient<TypeParam> given(problem, weights);
    std::vector<TypeParam> first;
    for (const auto& [name, executor] : all_executors()) {
      const BackwardArrays<TypeParam> arrays(problem, nullptr);
      TrainingBackward<TypeParam> call = arrays.training(given.mean.data(), given.m2.data());
      call.count = given.count;
      call.position_weights = weights.data();
      run(call, executor);
      const TypeParam* found = arrays.grad_input().data();
      if (first.empty()) first.assign(found, found + problem.input.size());
      EXPECT_TRUE(arrays.grad_input().equals(first)) << name;
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::given_moments_test
