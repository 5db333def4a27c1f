#include <cmath>
#include <utility>

#include "kernels/support/arrays.h"
#include "kernels/support/checks.h"
#include "kernels/support/comparison.h"
#include "kernels/support/oracle.h"
#include "kernels/support/positive.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test {
namespace {

// The gradient of what the activation got, g: `positive` says where it goes through whole.
template <typename T>
class IncomingGradient {
 public:
  IncomingGradient(const Problem<T>& problem, std::vector<bool> positive)
      : problem_(problem), slope_(problem.options.slope()), positive_(std::move(positive)) {}

  Real operator()(std::size_t i) const {
    const Real gradient = real(problem_.grad_output[i]);
    if (positive_.empty() || positive_[i]) return gradient;
    return slope_ == 0 ? 0 : slope_ * gradient;
  }

  // How well a kernel knows g: a slope is rounded, and so is the product.
  Real tolerance(std::size_t i) const {
    if (positive_.empty() || positive_[i] || slope_ == 0) return 0;
    return 2 * kUnit<T> * std::fabs((*this)(i)) + kUnderflow<T>;
  }

  void compare(const BackwardArrays<T>& arrays) const {
    if (!arrays.wants_grad_residual()) return;
    Comparison<T> gradients("grad_residual");
    for (std::size_t i = 0; i < positive_.size(); ++i) {
      if (positive_[i] || slope_ != 0) {
        gradients.add(i, arrays.grad_residual()[i], (*this)(i), tolerance(i));
      } else {
        gradients.add_zero(i, arrays.grad_residual()[i]);
      }
    }
  }

 private:
  const Problem<T>& problem_;
  const Real slope_;
  const std::vector<bool> positive_;
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
  const bool sloped = problem.options.slope() != 1 && problem.options.slope() != 0;
  const Real error = sum_error<T>(count) + (sloped ? 2 * kUnit<T> : Real{0});  // of g: see IncomingGradient
  const Real underflow = static_cast<Real>(count) * kUnderflow<T>;
  return {mean,
          invstd,
          problem.weight_of(c) * invstd,
          grad_weight,
          sums.grad[c],
          invstd * (error * sums.abs_grad_deviation[c] + kUnit<T> * mean_error * sums.abs_grad[c] +
                    underflow + (sloped ? kUnderflow<T> * sums.abs_deviation[c] : Real{0})) +
              6 * kUnit<T> * std::fabs(grad_weight) + kUnderflow<T>,
          error * sums.abs_grad[c] + 2 * kUnit<T> * std::fabs(sums.grad[c]) + kUnderflow<T> +
              (sloped ? underflow : Real{0})};
}

template <typename T>
void compare_parameter_gradients(const Problem<T>& problem, const std::vector<Channel>& channels,
                                 const BackwardArrays<T>& arrays) {
  Comparison<Parameter<T>> grad_weights("grad_weight");
  Comparison<Parameter<T>> grad_biases("grad_bias");
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (problem.options.grad_weight) {
      grad_weights.add(c, arrays.grad_weight()[c], channels[c].grad_weight,
                       channels[c].grad_weight_tolerance);
    }
    if (problem.options.grad_bias) {
      grad_biases.add(c, arrays.grad_bias()[c], channels[c].grad_bias, channels[c].grad_bias_tolerance);
    }
  }
}

// The bits are those that the subject's forward wrote, which the forward's check has compared with the oracle: next
// to the kink either is right, and the backward has to go by them.
template <typename T>
IncomingGradient<T> incoming_gradient(const Problem<T>& problem, const ForwardArrays<T>& forward,
                                      const Subject& subject) {
  if (!forward.keeps_bits()) return {problem, {}};
  return {problem, read_positive<T>(problem.geometry, forward.positive(), subject)};
}

}  // namespace

template <typename T>
void check_training_backward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const oracle::Moments moments = oracle::moments(problem.input, geometry);
  const std::vector<double> mean_values(moments.mean.begin(), moments.mean.end());
  const std::vector<double> m2_values(moments.m2.begin(), moments.m2.end());
  const PlacedArray<double> mean(mean_values, options.placement);
  const PlacedArray<double> m2(m2_values, options.placement);
  const Problem<T> forward_problem = with_bits(problem);
  const ForwardArrays<T> forward(forward_problem);
  if (options.activated()) {
    std::vector<double> its_mean(mean_values.size()), its_m2(mean_values.size());
    subject(forward.training(its_mean.data(), its_m2.data()));
  }
  const BackwardArrays<T> arrays(problem, forward.positive());
  subject(arrays.training(mean.data(), m2.data()));

  arrays.expect_nothing_else_written();
  EXPECT_TRUE(mean.equals(mean_values)) << "mean changed";
  EXPECT_TRUE(m2.equals(m2_values)) << "m2 changed";
  const IncomingGradient<T> gradient_at = incoming_gradient(problem, forward, subject);
  gradient_at.compare(arrays);
  const oracle::GradientSums sums = oracle::gradient_sums(problem.input, gradient_at, mean_values, geometry);
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
    const Real normalized = (real(problem.input[i]) - channel.mean) * channel.invstd;
    const Real gradient = gradient_at(i);
    const Real from_bias = channel.grad_bias / count;
    const Real from_weight = normalized * channel.grad_weight / count;
    const Real rounding =
        gradient_at.tolerance(i) +
        6 * kUnit<T> * (std::fabs(gradient) + std::fabs(from_bias) + std::fabs(from_weight)) +
        kUnit<T> * kUnit<T> * std::fabs(channel.mean * channel.invstd * channel.grad_weight / count);
    const Real sum_errors =
        (channel.grad_bias_tolerance + std::fabs(normalized) * channel.grad_weight_tolerance) / count;
    const Real expected = channel.scale * (gradient - from_bias - from_weight);
    if (std::isfinite(channel.grad_bias) && std::isfinite(channel.grad_weight)) {
      grad_inputs.add(
          i, arrays.grad_input()[i], expected,
          std::fabs(channel.scale) * (rounding + sum_errors) + (1 + std::fabs(normalized)) * kUnderflow<T>);
    } else {  // infinities of which sign meet depends on the order of the three terms; nothing is finite
      grad_inputs.add_not_finite(i, arrays.grad_input()[i]);
    }
  });
}

template <typename T>
void check_evaluation_backward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const PlacedArray<Parameter<T>> mean(problem.mean, options.placement);
  const PlacedArray<Parameter<T>> variance(problem.variance, options.placement);
  const Problem<T> forward_problem = with_bits(problem);
  const ForwardArrays<T> forward(forward_problem);
  if (options.activated()) subject(forward.evaluation(mean.data(), variance.data()));
  const BackwardArrays<T> arrays(problem, forward.positive());
  subject(arrays.evaluation(mean.data(), variance.data()));

  arrays.expect_nothing_else_written();
  EXPECT_TRUE(mean.equals(problem.mean)) << "mean changed";
  EXPECT_TRUE(variance.equals(problem.variance)) << "variance changed";
  const IncomingGradient<T> gradient_at = incoming_gradient(problem, forward, subject);
  gradient_at.compare(arrays);
  const oracle::GradientSums sums = oracle::gradient_sums(problem.input, gradient_at, problem.mean, geometry);
  std::vector<Channel> channels;
  for (std::size_t c = 0; c < problem.mean.size(); ++c) {  // the mean is of type R already: nothing is lost
    channels.push_back(channel_of(problem, sums, c, problem.mean[c], problem.variance[c], 0));
  }
  compare_parameter_gradients(problem, channels, arrays);
  if (!options.grad_input) return;

  Comparison<T> grad_inputs("grad_input");
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real expected = channels[c].scale * gradient_at(i);
    grad_inputs.add(i, arrays.grad_input()[i], expected,
                    6 * kUnit<T> * std::fabs(expected) + kUnderflow<T> +
                        std::fabs(channels[c].scale) * gradient_at.tolerance(i));
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
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
