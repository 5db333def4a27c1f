// The numerical contract of batch_norm.h, on data that is hard to keep it on.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/oracle.h"

namespace evenkeel::kernels::test::accuracy_test {
namespace {

template <typename T>
class AccuracyTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(AccuracyTest, Types);

TYPED_TEST(AccuracyTest, EveryStyleOfDataAgreesWithTheOracle) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : kStyles) {
      check_every_call(Problem<TypeParam>(geometry, style, 10, varied_options(number++)),
                       Subject(three_threads()));
    }
  }
}

// Many values per channel: a bad shift costs most, and float has the longest sums to go wrong in.
TYPED_TEST(AccuracyTest, LongChannelsAgreeWithTheOracle) {
  for (const Geometry& geometry :
       {Geometry{1, 2, 60'000}, {30'000, 3, 1}, {2'000, 20, 1}, {300, 5, 49}, {30, 3, 784}}) {
    for (Style style : kStyles)
      check_every_call(Problem<TypeParam>(geometry, style, 13), Subject(three_threads()));
  }
}

// The figures of the header, written out.
TYPED_TEST(AccuracyTest, VarianceKeepsWhatTheHeaderPromises) {
  struct Promise {
    double ratio, error;
  };
  for (const Geometry& geometry : typical_geometries()) {
    for (const Promise& promise : {Promise{0, 1e-6}, {1, 1e-6}, {100, 1e-6}, {1e4, 1e-6}, {1e6, 1e-3}}) {
      if (promise.ratio > Format<TypeParam>::kMax) continue;
      Random random(14);
      std::vector<TypeParam> input;
      for (std::int64_t i = 0; i < geometry.size(); ++i) {
        input.push_back(value_of<TypeParam>(promise.ratio + random.away_from_zero()));
      }
      const auto channels = static_cast<std::size_t>(geometry.channels);
      std::vector<double> mean(channels);
      std::vector<double> m2(channels);
      run(ChannelMoments<TypeParam>{geometry, input.data(), mean.data(), m2.data()}, three_threads());
      const oracle::Moments expected = oracle::moments(input, geometry);
      for (std::size_t c = 0; c < channels; ++c) {
        EXPECT_LE(std::fabs(m2[c] - expected.m2[c]), promise.error * expected.m2[c])
            << "mean / std = " << promise.ratio << ", (outer, channels, inner) = (" << geometry.outer << ", "
            << geometry.channels << ", " << geometry.inner << "), channel " << c;
      }
    }
  }
}

TYPED_TEST(AccuracyTest, HugeGradientsAgreeWithTheOracle) {
  const double factor = std::is_same_v<TypeParam, float16> ? 1e4 : 1e30;
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : {Style::kPlain, Style::kOffset1e4, Style::kHuge}) {
      Problem<TypeParam> problem(geometry, style, 15, varied_options(number++));
      for (TypeParam& gradient : problem.grad_output) {
        gradient = value_of<TypeParam>(static_cast<double>(gradient) * factor);
      }
      check_every_call(problem, Subject(three_threads()));
    }
  }
}

TYPED_TEST(AccuracyTest, SortedGradientsAndGradientsOfOneSignAgreeWithTheOracle) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : {Style::kOffset1e4, Style::kRamp, Style::kLateStart, Style::kOutlierFirst}) {
      Problem<TypeParam> problem(geometry, Style::kOffset100, 16, varied_options(number++));
      problem.grad_output = make_tensor<TypeParam>(geometry, style, 17);
      check_every_call(problem, Subject(three_threads()));
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::accuracy_test
