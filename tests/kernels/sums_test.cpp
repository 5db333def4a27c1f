// No value is left out and none is taken twice: data for which any such slip changes an exactly known result.
#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/oracle.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test::sums_test {
namespace {

template <typename T>
class SumsTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(SumsTest, Types);

template <typename T>
std::vector<T> small_odd_numbers(const Geometry& geometry, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (std::int64_t i = 0; i < geometry.size(); ++i)
    values.push_back(value_of<T>(static_cast<double>(2 * random.between(-4, 3) + 1)));
  return values;
}

std::vector<Geometry> geometries() {
  std::vector<Geometry> all = critical_geometries(30'000, 20);
  for (const Geometry& geometry : typical_geometries()) all.push_back(geometry);
  for (const Geometry& geometry :
       {Geometry{50'003, 3, 1}, {20'000, 64, 1}, {1, 2, 100'001}, {64, 50, 64}, {37, 65, 300}}) {
    all.push_back(geometry);
  }
  return all;
}

// Every g and every g (x - 2) is a small odd number: their sums are exact in float in any order, a missing or
// a doubled one changes them, and with a variance of 1 nothing is rounded afterwards.
TYPED_TEST(SumsTest, GradientSumsOfSmallIntegersAreExact) {
  using T = TypeParam;
  for (const Geometry& geometry : geometries()) {
    const std::vector<T> input = small_odd_numbers<T>(geometry, 21);
    const std::vector<T> grad_output = small_odd_numbers<T>(geometry, 22);
    const auto channels = static_cast<std::size_t>(geometry.channels);
    const std::vector<double> mean(channels, 2.0);
    const std::vector<double> m2(channels, static_cast<double>(geometry.count()));
    using R = Parameter<T>;
    const std::vector<R> given_mean(channels, R{2});
    const std::vector<R> given_variance(channels, R{1});
    std::vector<R> expected_weight(channels, R{0});
    std::vector<R> expected_bias(channels, R{0});
    oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
      expected_weight[c] += static_cast<R>(real(grad_output[i]) * (real(input[i]) - 2));
      expected_bias[c] += static_cast<R>(real(grad_output[i]));
    });
    std::vector<R> grad_weight(channels);
    std::vector<R> grad_bias(channels);
    SCOPED_TRACE(testing::Message() << "(outer, channels, inner) = (" << geometry.outer << ", "
                                    << geometry.channels << ", " << geometry.inner << ")");
    run(TrainingBackward<T>{geometry, input.data(), grad_output.data(), nullptr, mean.data(), m2.data(), 0.0,
                            nullptr, grad_weight.data(), grad_bias.data()},
        three_threads());
    EXPECT_EQ(grad_weight, expected_weight);
    EXPECT_EQ(grad_bias, expected_bias);
    run(EvaluationBackward<T>{geometry, input.data(), grad_output.data(), nullptr, given_mean.data(),
                              given_variance.data(), 0.0, nullptr, grad_weight.data(), grad_bias.data()},
        three_threads());
    EXPECT_EQ(grad_weight, expected_weight);
    EXPECT_EQ(grad_bias, expected_bias);
  }
}

// Channel c is zero but for one value s, at another position in each: mean s / m and m2 = s^2 (1 - 1/m).
template <typename T>
void expect_single_values_to_count(const Geometry& geometry, std::int64_t first_position,
                                   Executor& executor) {
  const std::int64_t count = geometry.count();
  std::vector<T> input(static_cast<std::size_t>(geometry.size()), value_of<T>(0));
  for (std::int64_t c = 0; c < geometry.channels; ++c) {
    const std::int64_t position = (first_position + c) % count;
    const std::int64_t outer = position / geometry.inner;
    const std::int64_t index = (outer * geometry.channels + c) * geometry.inner + position % geometry.inner;
    input[static_cast<std::size_t>(index)] = value_of<T>(1000);
  }
  std::vector<double> mean(static_cast<std::size_t>(geometry.channels));
  std::vector<double> m2(mean.size());
  run(ChannelMoments<T>{geometry, input.data(), mean.data(), m2.data()}, executor);
  const double expected_mean = 1000.0 / static_cast<double>(count);
  const double expected_m2 = 1e6 * (1.0 - 1.0 / static_cast<double>(count));
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const std::int64_t position = (first_position + static_cast<std::int64_t>(c)) % count;
    EXPECT_NEAR(mean[c], expected_mean, 1e-6 * expected_mean)
        << "value " << position << " of " << count << ", channel " << c << " of " << geometry.channels;
    EXPECT_NEAR(m2[c], expected_m2, 1e-6 * expected_m2)
        << "value " << position << " of " << count << ", channel " << c << " of " << geometry.channels;
  }
}

TYPED_TEST(SumsTest, EveryValueOfAChannelEntersItsMoments) {
  for (const Geometry& geometry : {Geometry{3, 4, 300},
                                   {2, 3, 257},
                                   {1, 2, 1500},
                                   {11, 5, 49},
                                   {9, 7, 64},
                                   {23, 3, 17},
                                   {40, 20, 1},
                                   {513, 3, 1},
                                   {700, 65, 1},
                                   {9, 500, 1},
                                   {300, 1, 1},
                                   {31, 2, 5},
                                   {6, 33, 33}}) {
    for (std::int64_t first = 0; first < geometry.count(); first += geometry.channels) {
      expect_single_values_to_count<TypeParam>(geometry, first, serial_executor());
    }
  }
}

TYPED_TEST(SumsTest, EndsOfLongChannelsEnterTheirMoments) {
  Random random(23);
  for (const Geometry& geometry :
       {Geometry{1, 3, 100'003}, {70'001, 3, 1}, {3'001, 65, 1}, {130, 20, 576}, {150, 50, 49}}) {
    const std::int64_t count = geometry.count();
    for (std::int64_t first :
         {std::int64_t{0}, count - geometry.channels, count / 2, random.between(0, count - 1),
          random.between(0, count - 1), random.between(0, count - 1)}) {
      expect_single_values_to_count<TypeParam>(geometry, std::max<std::int64_t>(0, first), three_threads());
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::sums_test
