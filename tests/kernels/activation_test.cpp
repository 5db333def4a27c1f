// Activations at the values where they are easy to get wrong, written out; and the bits they leave for a backward.
#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/kernels/instruction_set.h"
#include "kernels/support/arrays.h"
#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/positive.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::activation_test {
namespace {

// Values go through with weight 1, bias 0, mean 0, variance 1, so that the activation gets the residual alone.
template <typename T>
class ActivationTest : public testing::Test {
 protected:
  // Long enough for whole vectors, partial ones and rows of every length; as runs and as columns.
  static const std::vector<Geometry>& geometries() {
    static const std::vector<Geometry> all{{1, 1, 1},   {1, 1, 7},    {1, 1, 300}, {3, 1, 263},
                                           {5, 3, 1},   {1, 67, 1},   {64, 3, 5},  {2, 9, 17},
                                           {300, 1, 1}, {4, 2, 1000}, {9, 1025, 1}};
    return all;
  }

  struct Passed {
    std::vector<T> output, grad_residual, grad_input;
  };

  // `before` in every place, and `gradient` back.
  static Passed pass(const Geometry& geometry, double before, double gradient, Activation activation,
                     double negative_slope) {
    const auto size = static_cast<std::size_t>(geometry.size());
    const std::vector<T> zeros(size, value_of<T>(0)), residual(size, value_of<T>(before));
    const std::vector<T> grad_output(size, value_of<T>(gradient));
    const std::vector<Parameter<T>> mean(static_cast<std::size_t>(geometry.channels), 0);
    const std::vector<Parameter<T>> variance(mean.size(), 1);
    std::vector<std::uint8_t> positive(static_cast<std::size_t>(positive_bytes<T>(geometry)));
    Passed passed{zeros, zeros, zeros};
    EvaluationForward<T> forward{.geometry = geometry, .input = zeros.data()};
    forward.mean = mean.data();
    forward.variance = variance.data();
    forward.eps = 0;
    forward.output = passed.output.data();
    forward.residual = residual.data();
    forward.activation = activation;
    forward.negative_slope = negative_slope;
    forward.positive = positive.data();
    run(forward, three_threads());
    EvaluationBackward<T> backward{.geometry = geometry, .grad_output = grad_output.data()};
    backward.mean = mean.data();
    backward.variance = variance.data();
    backward.eps = 0;
    backward.grad_input = passed.grad_input.data();
    backward.activation = activation;
    backward.negative_slope = negative_slope;
    backward.positive = positive.data();
    backward.grad_residual = passed.grad_residual.data();
    run(backward, three_threads());
    return passed;
  }

  static void expect_all(const std::vector<T>& values, double expected, const char* what) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Real value = real(values[i]);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(value)) << what << '[' << i << "] = " << value;
      } else {
        ASSERT_EQ(value, rounded<T>(expected)) << what << '[' << i << ']';
        ASSERT_EQ(std::signbit(value), std::signbit(expected)) << what << '[' << i << ']';
      }
    }
  }

  static void expect(Activation activation, double negative_slope, double before, double gradient,
                     double after, double gradient_before) {
    for (const Geometry& geometry : geometries()) {
      SCOPED_TRACE(testing::Message() << "(" << geometry.outer << ", " << geometry.channels << ", "
                                      << geometry.inner << "), " << before << " and gradient " << gradient);
      const Passed passed = pass(geometry, before, gradient, activation, negative_slope);
      expect_all(passed.output, after, "output");
      expect_all(passed.grad_residual, gradient_before, "grad_residual");
      expect_all(passed.grad_input, gradient_before, "grad_input");
    }
  }

  static void expect_relu(double before, double gradient, double after, double gradient_before) {
    expect(Activation::kReLU, 0.01, before, gradient, after, gradient_before);
  }

  static void expect_leaky(double negative_slope, double before, double gradient, double after,
                           double gradient_before) {
    expect(Activation::kLeakyReLU, negative_slope, before, gradient, after, gradient_before);
  }
};
using Types = ElementTypes;
TYPED_TEST_SUITE(ActivationTest, Types);

TYPED_TEST(ActivationTest, ReLUKeepsWhatIsPositiveAndItsGradient) {
  this->expect_relu(1.5, -3.0, 1.5, -3.0);
  this->expect_relu(kInfinity, 2.0, kInfinity, 2.0);
  this->expect_relu(1.5, kInfinity, 1.5, kInfinity);
  this->expect_relu(1.5, kNan, 1.5, kNan);
}

TYPED_TEST(ActivationTest, ReLUOfWhatIsNotPositiveIsPlusZeroAndSoIsItsGradient) {
  for (double before : {-1.5, 0.0, -0.0, -kInfinity}) {
    for (double gradient : {3.0, -3.0, kInfinity, -kInfinity, kNan}) {
      this->expect_relu(before, gradient, 0.0, 0.0);
    }
  }
}

TYPED_TEST(ActivationTest, NaNGoesThroughWithItsGradient) {
  this->expect_relu(kNan, -3.0, kNan, -3.0);
  this->expect_leaky(0.25, kNan, -3.0, kNan, -3.0);
}

TYPED_TEST(ActivationTest, TheSmallestNumbersHaveTheirSign) {
  const double smallest = static_cast<double>(
      std::ldexp(Real{1}, Format<TypeParam>::kMinExponent - Format<TypeParam>::kFractionBits));
  this->expect_relu(smallest, 5.0, smallest, 5.0);
  this->expect_relu(-smallest, 5.0, 0.0, 0.0);
  this->expect_leaky(2.0, -smallest, 5.0, -2 * smallest, 10.0);
}

TYPED_TEST(ActivationTest, LeakyReLUTakesAnyFiniteSlope) {
  this->expect_leaky(0.25, -2.0, 8.0, -0.5, 2.0);
  this->expect_leaky(-0.5, -2.0, 8.0, 1.0, -4.0);
  this->expect_leaky(3.0, -2.0, 8.0, -6.0, 24.0);
  this->expect_leaky(1.0, -2.0, 8.0, -2.0, 8.0);
  for (double slope : {0.0, -0.0}) this->expect_leaky(slope, -2.0, kInfinity, 0.0, 0.0);
  this->expect_leaky(0.25, -kInfinity, 8.0, -kInfinity, 2.0);
  this->expect_leaky(0.25, -2.0, -kInfinity, -0.5, -kInfinity);
}

TYPED_TEST(ActivationTest, ValuesBeyondTheRangeOfAHalfBecomeInfinite) {
  if constexpr (std::is_same_v<TypeParam, float16>) {
    this->expect_leaky(2.0, -32752.0, 1.0, -65504.0, 2.0);    // the largest
    this->expect_leaky(2.0, -32760.0, 1.0, -kInfinity, 2.0);  // 65520, half a step beyond
    this->expect_leaky(2.0, -1.0, 40000.0, -2.0, kInfinity);
  } else if constexpr (std::is_same_v<TypeParam, bfloat16>) {
    this->expect_leaky(2.0, -0x1.fep127, 1.0, -kInfinity, 2.0);
  }
}

// Every other channel constant, without bias: what the activation gets is exactly 0 there.
TYPED_TEST(ActivationTest, AConstantChannelWithoutBiasIsNotPositive) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kConstant, 70);
    problem.options.bias = false;
    problem.options.activation = Activation::kReLU;
    SCOPED_TRACE(problem);
    const Results<TypeParam> results = run_every_call(problem, Subject(three_threads()));
    for (std::int64_t i = 0; i < geometry.size(); ++i) {
      if (i / geometry.inner % geometry.channels % 2 != 0) continue;
      const auto at = static_cast<std::size_t>(i);
      ASSERT_EQ(real(results.output[at]), 0);
      ASSERT_FALSE(std::signbit(real(results.output[at])));
      ASSERT_EQ(real(results.grad_residual[at]), 0);
    }
  }
}

// A bit for each value and up to 7 for each row of the walk: rows that are many hold 250 values and more, and no more
// than 64 rows are shorter.
TYPED_TEST(ActivationTest, BitsTakeAboutAnEighthOfAByteEach) {
  Random random(71);
  for (int i = 0; i < 50'000; ++i) {
    const Geometry geometry = random_geometry(i % 2 == 0 ? 10'000'000 : 1'000, random);
    const std::int64_t bits = 8 * positive_bytes<TypeParam>(geometry);
    SCOPED_TRACE(testing::Message() << "(outer, channels, inner) = (" << geometry.outer << ", "
                                    << geometry.channels << ", " << geometry.inner << ")");
    ASSERT_GE(bits, geometry.size());
    ASSERT_LE(bits, geometry.size() + 7 * (geometry.size() / 250 + 64));
  }
}

// Forward on one instruction set and backward on another: the bits mean the same on each.
TYPED_TEST(ActivationTest, BitsMeanTheSameOnEveryInstructionSet) {
  const Subject subject(three_threads());
  std::vector<Geometry> all = typical_geometries();
  for (const Geometry& geometry : critical_geometries(5'000, 72)) all.push_back(geometry);
  for (const Geometry& geometry : all) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 72);
    problem.options.activation = Activation::kReLU;
    SCOPED_TRACE(problem);
    const ForwardArrays<TypeParam> arrays(problem);
    for (const std::string& writer : supported_instruction_sets()) {
      use_instruction_set(writer);
      subject(arrays.evaluation(problem.mean.data(), problem.variance.data()));
      const std::vector<bool> written = read_positive<TypeParam>(geometry, arrays.positive(), subject);
      for (const std::string& reader : supported_instruction_sets()) {
        use_instruction_set(reader);
        EXPECT_EQ(read_positive<TypeParam>(geometry, arrays.positive(), subject), written)
            << "written by " << writer << ", read by " << reader;
      }
    }
    use_instruction_set("best");
  }
}

TYPED_TEST(ActivationTest, AnEvaluationGivesTheSameValuesWithAndWithoutBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 73, varied_options(number++));
    problem.options.activation = Activation::kLeakyReLU;
    problem.options.positive = true;
    const ForwardArrays<TypeParam> with(problem);
    run(with.evaluation(problem.mean.data(), problem.variance.data()), three_threads());
    Problem<TypeParam> same = problem;
    same.options.positive = false;
    const ForwardArrays<TypeParam> without(same);
    run(without.evaluation(same.mean.data(), same.variance.data()), three_threads());
    for (std::size_t i = 0; i < problem.input.size(); ++i) {
      ASSERT_EQ(real(with.output()[i]), real(without.output()[i])) << problem;
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::activation_test
