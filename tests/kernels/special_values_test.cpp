// Values where formulas turn singular: constant channels, one value per channel, eps = 0, vanishing squares.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::special_values_test {
namespace {

template <typename T>
class SpecialValuesTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(SpecialValuesTest, Types);

// Every other channel holds one value only; so do all when `everywhere`.
template <typename T>
void expect_constant_channels_to_give_bias(const Geometry& geometry, double asked, bool everywhere) {
  const T constant = value_of<T>(asked);
  if (!std::isfinite(real(constant))) return;  // beyond the range of T
  Problem<T> problem(geometry, Style::kPlain, 40);
  const auto is_constant = [&](std::int64_t c) { return everywhere || c % 2 == 0; };
  const auto channel_of = [&](std::int64_t i) { return i / geometry.inner % geometry.channels; };
  for (std::int64_t i = 0; i < geometry.size(); ++i) {
    if (is_constant(channel_of(i))) problem.input[static_cast<std::size_t>(i)] = constant;
  }
  for (const auto& subject : {Subject(three_threads()), Subject::reference()}) {
    const Results<T> results = run_every_call(problem, subject);
    for (std::int64_t i = 0; i < geometry.size(); ++i) {
      const std::int64_t c = channel_of(i);
      if (!is_constant(c)) continue;
      ASSERT_EQ(real(results.output[static_cast<std::size_t>(i)]),
                rounded<T>(problem.bias[static_cast<std::size_t>(c)]))
          << problem << ", constant " << asked << ", value " << i << " of channel " << c;
      ASSERT_EQ(results.mean[static_cast<std::size_t>(c)], static_cast<double>(constant)) << problem;
      ASSERT_EQ(results.m2[static_cast<std::size_t>(c)], 0.0) << problem << ", constant " << asked;
    }
  }
}

TYPED_TEST(SpecialValuesTest, ConstantChannelNormalisesToExactlyBias) {
  for (const Geometry& geometry : typical_geometries()) {
    for (double constant : {0.0, 1.0, 0.1, 1.0 / 3.0, 1e7, 16777217.0, -123456.789, -3e30, 1e-30, 3e38}) {
      for (bool everywhere : {true, false}) {
        expect_constant_channels_to_give_bias<TypeParam>(geometry, constant, everywhere);
      }
    }
  }
}

TYPED_TEST(SpecialValuesTest, ConstantChannelsOfEveryCountNormaliseToExactlyBias) {
  for (std::int64_t count = 1; count <= 70; ++count) {
    for (const Geometry& geometry :
         {Geometry{count, 3, 1}, {1, 3, count}, {count, 2, 5}, {3, 2, 250 + count}}) {
      for (double constant : {0.1, -123456.789}) {
        expect_constant_channels_to_give_bias<TypeParam>(geometry, constant, false);
      }
    }
  }
}

TYPED_TEST(SpecialValuesTest, OneValuePerChannelNormalisesToExactlyBias) {
  for (std::int64_t channels : {1, 2, 7, 16, 17, 33, 500}) {
    const Problem<TypeParam> problem({1, channels, 1}, Style::kOffset1e4, 41);
    const Results<TypeParam> results = run_every_call(problem, Subject(three_threads()));
    EXPECT_EQ(results.m2, std::vector<double>(problem.bias.size(), 0.0)) << problem;
    for (std::size_t c = 0; c < problem.bias.size(); ++c) {
      EXPECT_EQ(real(results.output[c]), rounded<TypeParam>(problem.bias[c])) << problem;
      EXPECT_EQ(results.mean[c], real(problem.input[c])) << problem;
    }
  }
}

// With eps = 0 the formula divides by the standard deviation alone, whatever its size; 0 / 0 is not a number.
TYPED_TEST(SpecialValuesTest, WithoutEpsEveryCallAgreesWithTheOracle) {
  for (const Geometry& geometry : typical_geometries()) {
    if (geometry.count() < 2) continue;
    for (Style style : {Style::kPlain, Style::kOffset1e4, Style::kHuge}) {
      Options options;
      options.eps = 0.0;
      check_every_call(Problem<TypeParam>(geometry, style, 42, options), Subject(three_threads()));
    }
  }
}

TYPED_TEST(SpecialValuesTest, WithoutEpsAConstantChannelIsNotANumber) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 43);
    problem.options.eps = 0.0;
    problem.input.assign(problem.input.size(), value_of<TypeParam>(0.25));
    for (const auto& subject : {Subject(three_threads()), Subject::reference()}) {
      for (TypeParam value : run_every_call(problem, subject).output)
        ASSERT_TRUE(std::isnan(real(value))) << problem;
    }
  }
}

// The inverse standard deviation of such a channel is beyond the largest float: the statistics are right all the
// same. Doubles, whose tiny values here are not as tiny as that, are normalised too.
TYPED_TEST(SpecialValuesTest, WithoutEpsValuesBelowTheNormalNumbersKeepTheirStatistics) {
  for (const Geometry& geometry : typical_geometries()) {
    if (geometry.count() < 2) continue;
    Options options;
    options.eps = 0.0;
    const Problem<TypeParam> problem(geometry, Style::kTiny, 44, options);
    SCOPED_TRACE(problem);
    check_channel_moments(problem, Subject(three_threads()));
    if constexpr (sizeof(TypeParam) == sizeof(double))
      check_training_forward(problem, Subject(three_threads()));
  }
}

// +-t in turn: the sum is exactly zero, the squares vanish in float, and yet the channel is not constant.
TYPED_TEST(SpecialValuesTest, TinyValuesThatCancelStillHaveAVariance) {
  for (const Geometry& geometry : {Geometry{64, 3, 1}, {4, 3, 16}, {2, 3, 300}, {1, 3, 1000}, {200, 17, 1}}) {
    for (double tiny : {1e-20, 1e-25, 1e-38, 1e-42}) {
      Problem<TypeParam> problem(geometry, Style::kPlain, 45);
      const std::int64_t half = geometry.count() / 2;
      for (std::int64_t i = 0; i < geometry.size(); ++i) {
        const std::int64_t position =
            i / (geometry.channels * geometry.inner) * geometry.inner + i % geometry.inner;
        problem.input[static_cast<std::size_t>(i)] = value_of<TypeParam>(position < half ? tiny : -tiny);
      }
      SCOPED_TRACE(testing::Message() << problem << ", values +-" << tiny);
      check_channel_moments(problem, Subject(three_threads()));
    }
  }
}

TYPED_TEST(SpecialValuesTest, ZeroWeightGivesBiasAndNoInputGradient) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 46);
    problem.weight.assign(problem.weight.size(), 0);
    check_every_call(problem, Subject(three_threads()));
    for (TypeParam value : run_every_call(problem, Subject(three_threads())).grad_input) {
      ASSERT_EQ(real(value), 0) << problem;
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::special_values_test
