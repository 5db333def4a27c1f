#include <cmath>

#include "kernels/support/checks.h"
#include "kernels/support/comparison.h"
#include "kernels/support/oracle.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test {
namespace {

// The arrays of a backward call that training and evaluation share.
template <typename T>
struct Arrays {
  explicit Arrays(const Problem<T>& problem)
      : input(problem.input, problem.options.placement),
        grad_output(problem.grad_output, problem.options.placement),
        weight(problem.weight, problem.options.placement),
        separate_grad_input(problem.options.in_place ? 0 : problem.input.size(), problem.options.placement),
        grad_input(problem.options.in_place ? grad_output : separate_grad_input),
        grad_weight(problem.weight.size(), problem.options.placement),
        grad_bias(problem.weight.size(), problem.options.placement) {}

  void expect_nothing_else_written(const Problem<T>& problem) const {
    const Options& options = problem.options;
    EXPECT_TRUE(input.equals(problem.input)) << "input changed";
    EXPECT_TRUE(weight.equals(problem.weight)) << "weight changed";
    if (!options.in_place || !options.grad_input) {
      EXPECT_TRUE(grad_output.equals(problem.grad_output)) << "grad_output changed";
    }
    EXPECT_TRUE(grad_input.surroundings_intact()) << "written outside grad_input";
    EXPECT_TRUE(grad_weight.surroundings_intact()) << "written outside grad_weight";
    EXPECT_TRUE(grad_bias.surroundings_intact()) << "written outside grad_bias";
  }

  PlacedArray<T> input;
  PlacedArray<T> grad_output;
  PlacedArray<T> weight;
  PlacedArray<T> separate_grad_input;
  const PlacedArray<T>& grad_input;
  PlacedArray<T> grad_weight;
  PlacedArray<T> grad_bias;
};

// What the gradients of one channel are made of, and how exactly a kernel must know them.
struct Channel {
  Real mean, invstd, scale, grad_weight, grad_bias, grad_weight_tolerance, grad_bias_tolerance;
};

// `mean_error` is the rounding of the mean to the type the kernel subtracts it in; it enters the sum of g (x
// - mean) through every term, and products below the normal numbers of T lose their last bits.
template <typename T>
Channel channel_of(const Problem<T>& problem, const oracle::GradientSums& sums, std::size_t c, Real mean,
                   Real variance, Real mean_error) {
  const std::int64_t count = problem.geometry.count();
  const Real invstd = 1 / std::sqrt(variance + static_cast<Real>(problem.options.eps));
  const Real grad_weight = sums.grad_deviation[c] * invstd;
  const Real error = sum_error<T>(count);
  const Real underflow = static_cast<Real>(count) * kUnderflow<T>;
  return {
      mean,
      invstd,
      problem.weight_of(c) * invstd,
      grad_weight,
      sums.grad[c],
      invstd * (error * sums.abs_grad_deviation[c] + kUnit<T> * mean_error * sums.abs_grad[c] + underflow) +
          6 * kUnit<T> * std::fabs(grad_weight) + kUnderflow<T>,
      error * sums.abs_grad[c] + 2 * kUnit<T> * std::fabs(sums.grad[c]) + kUnderflow<T>};
}

template <typename T>
void compare_parameter_gradients(const Problem<T>& problem, const std::vector<Channel>& channels,
                                 const Arrays<T>& arrays) {
  Comparison<T> grad_weights("grad_weight");
  Comparison<T> grad_biases("grad_bias");
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (problem.options.grad_weight) {
      grad_weights.add(c, arrays.grad_weight[c], channels[c].grad_weight, channels[c].grad_weight_tolerance);
    }
    if (problem.options.grad_bias) {
      grad_biases.add(c, arrays.grad_bias[c], channels[c].grad_bias, channels[c].grad_bias_tolerance);
    }
  }
}

}  // namespace

template <typename T>
void check_training_backward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const Arrays<T> arrays(problem);
  const oracle::Moments moments = oracle::moments(problem.input, geometry);
  const std::vector<double> mean_values(moments.mean.begin(), moments.mean.end());
  const std::vector<double> m2_values(moments.m2.begin(), moments.m2.end());
  const PlacedArray<double> mean(mean_values, options.placement);
  const PlacedArray<double> m2(m2_values, options.placement);
  subject(TrainingBackward<T>{geometry, arrays.input.data(), arrays.grad_output.data(),
                              options.weight ? arrays.weight.data() : nullptr, mean.data(), m2.data(),
                              options.eps, options.grad_input ? arrays.grad_input.data() : nullptr,
                              options.grad_weight ? arrays.grad_weight.data() : nullptr,
                              options.grad_bias ? arrays.grad_bias.data() : nullptr});

  arrays.expect_nothing_else_written(problem);
  EXPECT_TRUE(mean.equals(mean_values)) << "mean changed";
  EXPECT_TRUE(m2.equals(m2_values)) << "m2 changed";
  const oracle::GradientSums sums =
      oracle::gradient_sums(problem.input, problem.grad_output, mean_values, geometry);
  const auto count = static_cast<Real>(geometry.count());
  std::vector<Channel> channels;
  for (std::size_t c = 0; c < mean_values.size(); ++c) {
    const Real variance = count > 0 ? static_cast<Real>(m2_values[c]) / count : Real{0};
    const Real mean_rounding = kUnit<T> * std::fabs(static_cast<Real>(mean_values[c]));
    channels.push_back(channel_of(problem, sums, c, mean_values[c], variance, mean_rounding));
  }
  compare_parameter_gradients(problem, channels, arrays);
  if (!options.grad_input) return;

  // Three terms, each with up to six roundings, and the errors of the two sums. What multiplies n may be
  // subnormal itself.
  Comparison<T> grad_inputs("grad_input");
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Channel& channel = channels[c];
    const Real normalized = (static_cast<Real>(problem.input[i]) - channel.mean) * channel.invstd;
    const Real gradient = problem.grad_output[i];
    const Real from_bias = channel.grad_bias / count;
    const Real from_weight = normalized * channel.grad_weight / count;
    const Real rounding =
        6 * kUnit<T> * (std::fabs(gradient) + std::fabs(from_bias) + std::fabs(from_weight)) +
        kUnit<T> * kUnit<T> * std::fabs(channel.mean * channel.invstd * channel.grad_weight / count);
    const Real sum_errors =
        (channel.grad_bias_tolerance + std::fabs(normalized) * channel.grad_weight_tolerance) / count;
    const Real expected = channel.scale * (gradient - from_bias - from_weight);
    if (std::isfinite(channel.grad_bias) && std::isfinite(channel.grad_weight)) {
      grad_inputs.add(
          i, arrays.grad_input[i], expected,
          std::fabs(channel.scale) * (rounding + sum_errors) + (1 + std::fabs(normalized)) * kUnderflow<T>);
    } else {  // infinities of which sign meet depends on the order of the three terms; nothing is finite
      grad_inputs.add_not_finite(i, arrays.grad_input[i]);
    }
  });
}

template <typename T>
void check_evaluation_backward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const Arrays<T> arrays(problem);
  const PlacedArray<T> mean(problem.mean, options.placement);
  const PlacedArray<T> variance(problem.variance, options.placement);
  subject(EvaluationBackward<T>{geometry, options.grad_weight ? arrays.input.data() : nullptr,
                                arrays.grad_output.data(), options.weight ? arrays.weight.data() : nullptr,
                                mean.data(), variance.data(), options.eps,
                                options.grad_input ? arrays.grad_input.data() : nullptr,
                                options.grad_weight ? arrays.grad_weight.data() : nullptr,
                                options.grad_bias ? arrays.grad_bias.data() : nullptr});

  arrays.expect_nothing_else_written(problem);
  EXPECT_TRUE(mean.equals(problem.mean)) << "mean changed";
  EXPECT_TRUE(variance.equals(problem.variance)) << "variance changed";
  const oracle::GradientSums sums =
      oracle::gradient_sums(problem.input, problem.grad_output, problem.mean, geometry);
  std::vector<Channel> channels;
  for (std::size_t c = 0; c < problem.mean.size(); ++c) {  // the mean is of type T already: nothing is lost
    channels.push_back(channel_of(problem, sums, c, problem.mean[c], problem.variance[c], 0));
  }
  compare_parameter_gradients(problem, channels, arrays);
  if (!options.grad_input) return;

  Comparison<T> grad_inputs("grad_input");
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real expected = channels[c].scale * static_cast<Real>(problem.grad_output[i]);
    grad_inputs.add(i, arrays.grad_input[i], expected, 6 * kUnit<T> * std::fabs(expected) + kUnderflow<T>);
  });
}

template <typename T>
void check_every_call(const Problem<T>& problem, const Subject& subject) {
  SCOPED_TRACE(problem);
  {
    SCOPED_TRACE("channel_moments");
    check_channel_moments(problem, subject);
  }
  {
    SCOPED_TRACE("training_forward");
    check_training_forward(problem, subject);
  }
  {
    SCOPED_TRACE("training_backward");
    check_training_backward(problem, subject);
  }
  {
    SCOPED_TRACE("evaluation_forward");
    check_evaluation_forward(problem, subject);
  }
  {
    SCOPED_TRACE("evaluation_backward");
    check_evaluation_backward(problem, subject);
  }
}

#define EVENKEEL_INSTANTIATE(T)                                                  \
  template void check_training_backward<T>(const Problem<T>&, const Subject&);   \
  template void check_evaluation_backward<T>(const Problem<T>&, const Subject&); \
  template void check_every_call<T>(const Problem<T>&, const Subject&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
