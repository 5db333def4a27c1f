// The numerical contract on the data that other libraries are compared on: a batch of 32 with 16 channels of 28 x 28,
// float, channels first and last. Prints what was found.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/support/executors.h"
#include "kernels/support/inputs.h"
#include "kernels/support/oracle.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test::exactness_test {
namespace {

constexpr double kEps = 1e-5;

struct Distribution {
  const char* name;
  double mean, std;
  double variance_error;  // what batch_norm.h promises
};

std::vector<float> normal_values(const Distribution& of, std::int64_t count) {
  Random random(100);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform()));
    values.push_back(static_cast<float>(of.mean + of.std * radius * std::cos(2.0 * M_PI * random.uniform())));
  }
  return values;
}

struct Errors {
  Real output = 0;           // max |y - exact y|
  Real relative_output = 0;  // the same over 1 + |exact y|
  Real variance = 0;         // relative; absolute where the variance is 0
};

Errors errors_of(const Distribution& distribution, const Geometry& geometry) {
  const std::vector<float> input = normal_values(distribution, geometry.size());
  const auto channels = static_cast<std::size_t>(geometry.channels);
  std::vector<float> output(input.size());
  std::vector<double> mean(channels), m2(channels);
  TrainingForward<float> call{.geometry = geometry, .input = input.data()};
  call.eps = kEps;
  call.output = output.data();
  call.mean = mean.data();
  call.m2 = m2.data();
  run(call, three_threads());
  const oracle::Moments exact = oracle::moments(input, geometry);
  Errors errors;
  for (std::size_t c = 0; c < channels; ++c) {
    const Real error = std::fabs(m2[c] - exact.m2[c]);
    errors.variance = std::max(errors.variance, exact.m2[c] > 0 ? error / exact.m2[c] : error);
  }
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real variance = exact.m2[c] / static_cast<Real>(geometry.count());
    const Real y = (input[i] - exact.mean[c]) / std::sqrt(variance + static_cast<Real>(kEps));
    const Real error = std::fabs(output[i] - y);
    if (!(error <= errors.output)) errors.output = error;  // NaN stays
    if (!(error <= errors.relative_output * (1 + std::fabs(y)))) {
      errors.relative_output = error / (1 + std::fabs(y));
    }
  });
  return errors;
}

TEST(ExactnessTest, TheContractHoldsOnTheDataThatOthersAreComparedOn) {
  std::printf("%-14s %-15s %12s %12s\n", "input", "layout", "max |dy|", "variance");
  for (const Distribution& distribution : {Distribution{"N(0,1)", 0, 1, 1e-6},
                                           {"N(100,1)", 100, 1, 1e-6},
                                           {"N(1e4,1)", 1e4, 1, 1e-6},
                                           {"N(1e6,1)", 1e6, 1, 1e-3},
                                           {"N(1e30,1e28)", 1e30, 1e28, 1e-6},
                                           {"constant 1e7", 1e7, 0, 0}}) {
    for (const Geometry& geometry : {channels_first(32, 16, 28 * 28), channels_last(32, 28 * 28, 16)}) {
      const char* const layout = geometry.inner > 1 ? "channels first" : "channels last";
      const Errors errors = errors_of(distribution, geometry);
      std::printf("%-14s %-15s %12.1Le %12.1Le\n", distribution.name, layout, errors.output, errors.variance);
      SCOPED_TRACE(testing::Message() << distribution.name << ", " << layout);
      EXPECT_LE(errors.variance, distribution.variance_error);
      // Half the error of the variance and four roundings, of the value; and of the mean what tolerance.h has.
      const Real relative = distribution.variance_error + 4 * kUnit<float>;
      EXPECT_LE(errors.relative_output, distribution.std > 0 ? relative : 0);
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::exactness_test
