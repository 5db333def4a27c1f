// Gradients that meet inputs of another size: their products would vanish, or overflow, though no result does.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/support/comparison.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/oracle.h"
#include "kernels/support/positive.h"
#include "kernels/support/problem.h"
#include "kernels/support/tolerance.h"
#include "kernels/support/weights.h"

namespace evenkeel::kernels::test::gradient_range_test {
namespace {

struct Sizes {
  double input, gradient;
};

template <typename T>
std::vector<Sizes> all_sizes() {
  if constexpr (std::is_same_v<T, double>) {
    return {{1e-150, 1e-200}, {1e-100, 1e-290}, {1e140, 1e200}, {1e-140, 1e180}, {1.0, 1e-300}};
  } else if constexpr (std::is_same_v<T, float16>) {
    return {{1e-4, 1e-4}, {1e3, 1e3}};
  } else {
    return {{1e-25, 1e-22}, {1e-10, 1e-34}, {1e-30, 1e-15}, {1e-35, 1e-30}, {1e25, 1e22},
            {1e18, 1e30},   {1e30, 1e-30},  {1.0, 1e-36},   {1e-20, 1e-41}, {1e-30, 1e3}};
  }
}

enum class Variant { kPlain, kRelu, kLeaky, kPositions, kLeakyPositions, kLargerBatch };
constexpr Variant kVariants[] = {Variant::kPlain,     Variant::kRelu,           Variant::kLeaky,
                                 Variant::kPositions, Variant::kLeakyPositions, Variant::kLargerBatch};

template <typename T>
void resize(std::vector<T>& values, double size) {
  for (T& value : values) value = value_of<T>(static_cast<double>(value) * size);
}

// A result may be off by the roundings of R, of what it is a sum of; and, below R's normal numbers, by some of their steps.
template <typename V>
void compare(Comparison<V>& results, std::size_t i, V found, Real expected, Real magnitude, Real steps) {
  using R = Parameter<V>;
  if (std::fabs(expected) > real(std::numeric_limits<R>::max()) / 2) return;
  results.add(i, found, expected, 100 * kUnit<R> * magnitude + steps * std::numeric_limits<R>::denorm_min());
}

template <typename T>
void check_gradients(const Geometry& geometry, Sizes sizes, Variant variant) {
  using R = Parameter<T>;
  Problem<T> problem(geometry, Style::kPlain, 77);
  resize(problem.input, sizes.input);
  resize(problem.grad_output, sizes.gradient);
  const bool leaky = variant == Variant::kLeaky || variant == Variant::kLeakyPositions;
  const bool positions = variant == Variant::kPositions || variant == Variant::kLeakyPositions;
  const auto channels = static_cast<std::size_t>(geometry.channels);
  const std::vector<R> weights = make_weights<R>(geometry, Pattern::kBinary, 78);
  const auto weight_at = [&](std::size_t i) { return positions ? weights[position_of(geometry, i)] : R{1}; };
  // The statistics in long double, of the positions that count; and, of a larger batch, m2 and count three times as large.
  std::vector<Real> sum(channels, 0), squares(channels, 0), counts(channels, 0);
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    sum[c] += weight_at(i) * real(problem.input[i]);
    counts[c] += weight_at(i);
  });
  std::vector<double> mean(channels), m2(channels);
  for (std::size_t c = 0; c < channels; ++c) mean[c] = static_cast<double>(sum[c] / counts[c]);
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real deviation = real(problem.input[i]) - mean[c];
    squares[c] += weight_at(i) * deviation * deviation;
  });
  const double larger = variant == Variant::kLargerBatch ? 3.0 : 1.0;
  for (std::size_t c = 0; c < channels; ++c) m2[c] = static_cast<double>(squares[c]) * larger;
  const double count = static_cast<double>(counts[0]) * larger;

  TrainingBackward<T> call{geometry, problem.input.data(), problem.grad_output.data(), problem.weight.data()};
  std::vector<std::uint8_t> bits;
  std::vector<bool> positive;
  std::vector<T> grad_input(problem.input.size()), grad_residual(problem.input.size());
  std::vector<R> grad_weight(channels), grad_bias(channels);
  call.mean = mean.data();
  call.m2 = m2.data();
  call.count = count;
  call.eps = 0;
  if (positions) call.position_weights = weights.data();
  if (leaky || variant == Variant::kRelu) {
    call.activation = leaky ? Activation::kLeakyReLU : Activation::kReLU;
    call.negative_slope = 0.25;
    // Any bits will do.
    bits.assign(static_cast<std::size_t>(positive_bytes<T>(geometry)), 0x6B);
    positive = read_positive<T>(geometry, bits.data(), Subject(serial_executor()));
    call.positive = bits.data();
    call.grad_residual = grad_residual.data();
  }
  call.grad_input = grad_input.data();
  call.grad_weight = grad_weight.data();
  call.grad_bias = grad_bias.data();
  run(call, three_threads());

  const auto gradient_at = [&](std::size_t i) {
    const Real g = real(problem.grad_output[i]);
    if (positive.empty() || positive[i]) return g;
    return leaky ? 0.25L * g : 0.0L;
  };
  std::vector<Real> of_weight(channels, 0), of_bias(channels, 0), size_of_weight(channels, 0),
      size_of_bias(channels, 0);
  const auto deviation = [&](std::size_t c) {
    return std::sqrt(static_cast<Real>(m2[c]) / static_cast<Real>(count));
  };
  const auto normalized = [&](std::size_t c, std::size_t i) {
    return (real(problem.input[i]) - mean[c]) / deviation(c);
  };
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real g = gradient_at(i), n = normalized(c, i);
    of_weight[c] += g * n;
    size_of_weight[c] += std::fabs(g * n) + kUnit<R> * std::fabs(g * mean[c]) / deviation(c);
    of_bias[c] += g;
    size_of_bias[c] += std::fabs(g);
  });
  const Real steps = leaky ? static_cast<Real>(geometry.count()) : 2;
  Comparison<R> weight_gradients("grad_weight"), bias_gradients("grad_bias");
  for (std::size_t c = 0; c < channels; ++c) {
    compare(weight_gradients, c, grad_weight[c], of_weight[c], size_of_weight[c], steps);
    compare(bias_gradients, c, grad_bias[c], of_bias[c], size_of_bias[c], steps);
  }
  Comparison<T> input_gradients("grad_input");
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real g = gradient_at(i), n = normalized(c, i), w = weight_at(i);
    const Real scale = problem.weight[c] / deviation(c);
    const Real from_bias = w * of_bias[c] / count, from_weight = w * n * of_weight[c] / count;
    const Real magnitude = std::fabs(g) + size_of_bias[c] / count + std::fabs(n) * size_of_weight[c] / count;
    if (std::fabs(scale) * magnitude > real(std::numeric_limits<R>::max()) / 8) return;
    const Real lost = std::fabs(scale) * (leaky ? 4 : 0) + 8 + 4 * std::fabs(n);
    compare(input_gradients, i, grad_input[i], scale * (g - from_bias - from_weight),
            std::fabs(scale) * magnitude, lost);
  });
}

template <typename T>
class GradientRangeTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(GradientRangeTest, Types);

TYPED_TEST(GradientRangeTest, ProductsNeitherVanishNorOverflow) {
  for (const Geometry& geometry : {Geometry{64, 5, 1},
                                   {700, 20, 1},
                                   {6'000, 33, 1},
                                   {9, 5, 17},
                                   {16, 20, 300},
                                   {1, 3, 5'000},
                                   {40, 70, 49}}) {
    for (const Sizes sizes : all_sizes<TypeParam>()) {
      for (const Variant variant : kVariants) {
        SCOPED_TRACE(testing::Message()
                     << "(" << geometry.outer << ", " << geometry.channels << ", " << geometry.inner
                     << "), inputs near " << sizes.input << ", gradients near " << sizes.gradient
                     << ", variant " << static_cast<int>(variant));
        check_gradients<TypeParam>(geometry, sizes, variant);
      }
    }
  }
}

// The same where the statistics are given, within the range of R.
TYPED_TEST(GradientRangeTest, GivenStatisticsDoNotLetProductsVanish) {
  using T = TypeParam;
  using R = Parameter<T>;
  const Geometry geometry{64, 5, 7};
  const double small = is_half<T> ? 1e-4 : std::is_same_v<T, double> ? 1e-150 : 1e-18;
  const double gradient = is_half<T> ? 1e-4 : std::is_same_v<T, double> ? 1e-250 : 1e-32;
  Problem<T> problem(geometry, Style::kPlain, 79);
  resize(problem.input, small);
  resize(problem.grad_output, gradient);
  const std::vector<R> mean(5, static_cast<R>(0.5 * small)), variance(5, static_cast<R>(4 * small * small));
  std::vector<R> of_weight(5), of_bias(5);
  EvaluationBackward<T> call{geometry,
                             problem.input.data(),
                             problem.grad_output.data(),
                             nullptr,
                             mean.data(),
                             variance.data(),
                             /*eps=*/0.0,
                             nullptr,
                             of_weight.data(),
                             of_bias.data()};
  run(call, three_threads());
  std::vector<Real> expected(5, 0), magnitude(5, 0);
  oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real n = (real(problem.input[i]) - real(mean[c])) / std::sqrt(static_cast<Real>(variance[c]));
    expected[c] += real(problem.grad_output[i]) * n;
    magnitude[c] += std::fabs(real(problem.grad_output[i]) * n);
  });
  Comparison<R> weight_gradients("grad_weight");
  for (std::size_t c = 0; c < 5; ++c)
    compare(weight_gradients, c, of_weight[c], expected[c], magnitude[c], 2);
}

}  // namespace
}  // namespace evenkeel::kernels::test::gradient_range_test
