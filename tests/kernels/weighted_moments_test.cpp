// Moments of weighted positions, against long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/instruction_set.h"
#include "kernels/support/checks.h"
#include "kernels/support/comparison.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/oracle.h"
#include "kernels/support/tolerance.h"
#include "kernels/support/weights.h"

namespace evenkeel::kernels::test::weighted_moments_test {
namespace {

struct Expected {
  Real count = 0;
  std::vector<Real> mean, m2;
};

template <typename T>
Expected weighted_moments(const std::vector<T>& input, const Geometry& geometry,
                          const std::vector<Parameter<T>>& weights) {
  const std::vector<Real> zeros(static_cast<std::size_t>(geometry.channels), 0);
  Expected result{0, zeros, zeros};
  for (auto weight : weights) result.count += static_cast<Real>(weight);
  const auto for_each_counted = [&](auto body) {
    oracle::for_each_element(geometry, [&](std::size_t c, std::size_t i) {
      const auto weight = static_cast<Real>(weights[position_of(geometry, i)]);
      if (weight > 0) body(c, weight, real(input[i]));
    });
  };
  for_each_counted([&](std::size_t c, Real weight, Real x) { result.mean[c] += weight * x; });
  for (Real& mean : result.mean) mean /= result.count;
  std::vector<Real> rest = zeros;
  for_each_counted([&](std::size_t c, Real weight, Real x) { rest[c] += weight * (x - result.mean[c]); });
  for (std::size_t c = 0; c < rest.size(); ++c) result.mean[c] += rest[c] / result.count;
  for_each_counted([&](std::size_t c, Real weight, Real x) {
    result.m2[c] += weight * (x - result.mean[c]) * (x - result.mean[c]);
  });
  return result;
}

template <typename T>
struct Found {
  double count = -1;
  std::vector<double> mean, m2;
  bool operator==(const Found&) const = default;
};

template <typename T>
Found<T> find(const std::vector<T>& input, const Geometry& geometry, const std::vector<Parameter<T>>& weights,
              const Subject& subject) {
  const auto channels = static_cast<std::size_t>(geometry.channels);
  Found<T> found{-1, std::vector<double>(channels), std::vector<double>(channels)};
  // At the end of a page: a read beyond the last weight is seen.
  const PlacedArray<Parameter<T>> placed(weights, Placement::kPageEnd);
  subject(WeightedMoments<T>{geometry, input.data(), placed.data(), &found.count, found.mean.data(),
                             found.m2.data()});
  return found;
}

template <typename T>
void expect_right(const Geometry& geometry, Style style, Pattern pattern, const Subject& subject) {
  std::vector<T> input = make_tensor<T>(geometry, style, 21);
  const auto weights = make_weights<Parameter<T>>(geometry, pattern, 22);
  const Expected expected = weighted_moments(input, geometry, weights);
  spoil(input, geometry, weights);
  const Found<T> found = find(input, geometry, weights, subject);
  const Real positions = double_sum_error(geometry.count());
  EXPECT_LE(std::fabs(found.count - expected.count), positions * expected.count);
  Comparison<double> means("mean"), m2s("m2");
  for (std::size_t c = 0; c < found.mean.size(); ++c) {
    const Real std = std::sqrt(expected.m2[c] / expected.count);
    const Real ratio = std > 0 ? std::fabs(expected.mean[c]) / std : Real{0};
    const Real rounding = 2 * kUnit<double> * std::fabs(expected.mean[c]);
    // As without weights, which add a rounding to each term.
    const Real error = variance_error<T>(ratio, geometry.count()) + 2 * kUnit<T>;
    means.add(c, found.mean[c], expected.mean[c], std * error + (1 + positions / kUnit<double>)*rounding);
    m2s.add(c, found.m2[c], expected.m2[c], error * expected.m2[c] + rounding * rounding * expected.count);
  }
}

template <typename T>
class WeightedMomentsTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(WeightedMomentsTest, Types);

TYPED_TEST(WeightedMomentsTest, EveryStyleAndPatternAgreesWithTheOracle) {
  for (const Geometry& geometry : small_geometries()) {
    for (Style style : kStyles) {
      for (Pattern pattern : kPatterns) {
        SCOPED_TRACE(Problem<TypeParam>(geometry, style, 21));
        SCOPED_TRACE(static_cast<int>(pattern));
        expect_right<TypeParam>(geometry, style, pattern, Subject(three_threads()));
      }
      expect_right<TypeParam>(geometry, style, Pattern::kFractions, Subject::reference());
    }
  }
}

TYPED_TEST(WeightedMomentsTest, EveryInstructionSetAndExecutorAgreesOnEveryGeometry) {
  for (const std::string& name : supported_instruction_sets()) {
    use_instruction_set(name);
    for (const Geometry& geometry : critical_geometries(10'000, 23)) {
      SCOPED_TRACE(Problem<TypeParam>(geometry, Style::kPlain, 24));
      SCOPED_TRACE(name);
      expect_right<TypeParam>(geometry, Style::kOffset100, Pattern::kBinary, Subject(three_threads()));
      const auto input = make_tensor<TypeParam>(geometry, Style::kPlain, 24);
      const auto weights = make_weights<Parameter<TypeParam>>(geometry, Pattern::kFractions, 25);
      const auto serial = find(input, geometry, weights, Subject(serial_executor()));
      for (const auto& [executor_name, executor] : all_executors()) {
        EXPECT_TRUE(find(input, geometry, weights, Subject(executor)) == serial) << executor_name;
      }
    }
  }
  use_instruction_set("best");
}

TYPED_TEST(WeightedMomentsTest, NothingThatCountsIsZeros) {
  for (const Geometry& geometry : {Geometry{4, 3, 300}, {40, 3, 1}, {0, 3, 5}}) {
    const std::vector<TypeParam> input(static_cast<std::size_t>(geometry.size()), value_of<TypeParam>(kNan));
    const std::vector<Parameter<TypeParam>> weights(static_cast<std::size_t>(geometry.count()));
    const auto found = find(input, geometry, weights, Subject(three_threads()));
    EXPECT_EQ(found.count, 0);
    EXPECT_EQ(found.mean, std::vector<double>(3, 0.0));
    EXPECT_EQ(found.m2, std::vector<double>(3, 0.0));
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::weighted_moments_test
