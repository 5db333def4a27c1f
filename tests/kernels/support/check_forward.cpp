#include <cmath>

#include "kernels/support/arrays.h"
#include "kernels/support/checks.h"
#include "kernels/support/comparison.h"
#include "kernels/support/oracle.h"
#include "kernels/support/output_check.h"
#include "kernels/support/positive.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test {
namespace {

// The batch statistics of one channel, and how exactly a kernel must know them.
struct Statistics {
  Real mean;
  Real variance;
  Real mean_tolerance;
  Real variance_tolerance;
};

template <typename T>
Statistics statistics_of(const oracle::Moments& moments, std::size_t c, std::int64_t count) {
  if (count == 0) return {0, 0, 0, 0};
  const Real mean = moments.mean[c];
  const Real variance = moments.m2[c] / static_cast<Real>(count);
  const Real std = std::sqrt(variance);
  const Real ratio = std > 0 ? std::fabs(mean) / std : Real{0};
  // The mean is stored in double, and so is m2; the mean moves by less than an ulp when it is corrected.
  const Real rounding = 2 * kUnit<double> * std::fabs(mean);
  return {mean, variance, std * mean_error<T>(ratio, count) + rounding,
          variance * variance_error<T>(ratio, count) + rounding * rounding};
}

template <typename T>
void compare_moments(const oracle::Moments& expected, const Geometry& geometry,
                     const PlacedArray<double>& mean, const PlacedArray<double>& m2) {
  Comparison<double> means("mean");
  Comparison<double> m2s("m2");
  const auto count = static_cast<Real>(geometry.count());
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const Statistics channel = statistics_of<T>(expected, c, geometry.count());
    means.add(c, mean[c], channel.mean, channel.mean_tolerance);
    m2s.add(c, m2[c], expected.m2[c], channel.variance_tolerance * count);
    EXPECT_FALSE(m2[c] < 0) << "m2[" << c << "] = " << m2[c];
  }
  EXPECT_TRUE(mean.surroundings_intact()) << "written outside mean";
  EXPECT_TRUE(m2.surroundings_intact()) << "written outside m2";
}

// The rounding of normalized + residual.
template <typename T>
Real residual_rounding(const Problem<T>& problem, std::size_t i, Real normalized) {
  if (!problem.options.residual) return 0;
  return 2 * kUnit<T> * (std::fabs(normalized) + std::fabs(problem.residual_of(i)));
}

template <typename T>
std::vector<bool> positive_of(const ForwardArrays<T>& arrays, const Geometry& geometry,
                              const Subject& subject) {
  if (!arrays.keeps_bits()) return {};
  return read_positive<T>(geometry, arrays.positive(), subject);
}

}  // namespace

template <typename T>
void check_channel_moments(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Placement placement = problem.options.placement;
  const PlacedArray<T> input(problem.input, placement);
  const PlacedArray<double> mean(static_cast<std::size_t>(geometry.channels), placement);
  const PlacedArray<double> m2(mean.size(), placement);
  subject(ChannelMoments<T>{geometry, input.data(), mean.data(), m2.data()});

  EXPECT_TRUE(input.equals(problem.input)) << "input changed";
  compare_moments<T>(oracle::moments(problem.input, geometry), geometry, mean, m2);
}

template <typename T>
void check_training_forward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const ForwardArrays<T> arrays(problem);
  const PlacedArray<double> mean(problem.weight.size(), options.placement);
  const PlacedArray<double> m2(mean.size(), options.placement);
  subject(arrays.training(mean.data(), m2.data()));

  arrays.expect_nothing_else_written();
  const oracle::Moments moments = oracle::moments(problem.input, geometry);
  compare_moments<T>(moments, geometry, mean, m2);

  // y = weight * (x - mean) * invstd + bias: invstd inherits half the relative error of the variance, the
  // product has four roundings (x - mean, scale, product, sum), x - mean misses what a mean of type T leaves
  // out.
  struct Channel {
    Real mean, scale, bias, relative, absolute;
  };
  std::vector<Channel> channels;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const Statistics s = statistics_of<T>(moments, c, geometry.count());
    const Real variance = s.variance + static_cast<Real>(options.eps);
    const Real scale = problem.weight_of(c) / std::sqrt(variance);
    const Real mean_tolerance = s.mean_tolerance + 2 * kUnit<T> * kUnit<T> * std::fabs(s.mean);
    channels.push_back(
        {s.mean, scale, problem.bias_of(c), s.variance_tolerance / variance / 2 + 4 * kUnit<T>,
         std::fabs(scale) * mean_tolerance + 4 * kUnit<T> * std::fabs(problem.bias_of(c)) + kUnderflow<T>});
  }
  const std::vector<bool> positive = positive_of(arrays, geometry, subject);
  OutputCheck<T> outputs(options, arrays.output(), positive);
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Channel& channel = channels[c];
    const Real scaled = (real(problem.input[i]) - channel.mean) * channel.scale;
    const Real normalized = scaled + channel.bias;
    outputs.add(
        i, normalized + problem.residual_of(i),
        channel.relative * std::fabs(scaled) + channel.absolute + residual_rounding(problem, i, normalized));
  });
}

template <typename T>
void check_evaluation_forward(const Problem<T>& problem, const Subject& subject) {
  const Geometry& geometry = problem.geometry;
  const Options& options = problem.options;
  const ForwardArrays<T> arrays(problem);
  const PlacedArray<Parameter<T>> mean(problem.mean, options.placement);
  const PlacedArray<Parameter<T>> variance(problem.variance, options.placement);
  subject(arrays.evaluation(mean.data(), variance.data()));

  arrays.expect_nothing_else_written();
  EXPECT_TRUE(mean.equals(problem.mean)) << "mean changed";
  EXPECT_TRUE(variance.equals(problem.variance)) << "variance changed";

  // Seven roundings stand between the statistics and the scaled deviation: variance + eps, root, quotient,
  // times weight, x - mean, product, sum.
  std::vector<Real> scales;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    scales.push_back(problem.weight_of(c) /
                     std::sqrt(static_cast<Real>(problem.variance[c]) + static_cast<Real>(options.eps)));
  }
  const std::vector<bool> positive = positive_of(arrays, geometry, subject);
  OutputCheck<T> outputs(options, arrays.output(), positive);
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real scaled = (real(problem.input[i]) - static_cast<Real>(problem.mean[c])) * scales[c];
    const Real bias = problem.bias_of(c);
    outputs.add(i, scaled + bias + problem.residual_of(i),
                7 * kUnit<T> * std::fabs(scaled) + 2 * kUnit<T> * std::fabs(bias) + kUnderflow<T> +
                    residual_rounding(problem, i, scaled + bias));
  });
}

#define EVENKEEL_INSTANTIATE(T)                                               \
  template void check_channel_moments<T>(const Problem<T>&, const Subject&);  \
  template void check_training_forward<T>(const Problem<T>&, const Subject&); \
  template void check_evaluation_forward<T>(const Problem<T>&, const Subject&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels::test
