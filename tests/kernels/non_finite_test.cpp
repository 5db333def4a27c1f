// NaN and Inf go through as the formulas have it, and stay in their channel.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::non_finite_test {
namespace {

template <typename T>
class NonFiniteTest : public testing::Test {
 protected:
  static std::size_t index_of(const Geometry& geometry, std::int64_t channel, std::int64_t position) {
    const std::int64_t outer = position / geometry.inner;
    return static_cast<std::size_t>((outer * geometry.channels + channel) * geometry.inner +
                                    position % geometry.inner);
  }

  // The poisoned channel follows the formulas, every other channel keeps its bits.
  static void expect_contained(const Problem<T>& clean, const Problem<T>& poisoned, std::int64_t channel) {
    SCOPED_TRACE(testing::Message() << "poisoned channel " << channel);
    check_every_call(poisoned, Subject(three_threads()));
    check_every_call(poisoned, Subject::reference());
    SCOPED_TRACE(poisoned);
    EXPECT_EQ(first_difference(clean.geometry, run_every_call(clean, Subject(three_threads())),
                               run_every_call(poisoned, Subject(three_threads())), channel),
              "");
  }
};
using Types = ElementTypes;
TYPED_TEST_SUITE(NonFiniteTest, Types);

TYPED_TEST(NonFiniteTest, InputsStayInTheirChannel) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    const Problem<TypeParam> clean(geometry, Style::kPlain, 30, varied_options(number++));
    const std::int64_t last = geometry.count() - 1;
    for (double value : {kNan, kInfinity, -kInfinity}) {
      for (std::int64_t position : {std::int64_t{0}, last / 3, last}) {
        const std::int64_t channel = (position + geometry.channels / 2) % geometry.channels;
        Problem<TypeParam> poisoned = clean;
        poisoned.input[this->index_of(geometry, channel, position)] = value_of<TypeParam>(value);
        this->expect_contained(clean, poisoned, channel);
      }
    }
  }
}

TYPED_TEST(NonFiniteTest, ResidualsStayInTheirPlaces) {
  for (const Geometry& geometry : small_geometries()) {
    for (Activation activation : {Activation::kNone, Activation::kReLU, Activation::kLeakyReLU}) {
      Problem<TypeParam> clean(geometry, Style::kPlain, 35);
      clean.options.residual = true;
      clean.options.activation = activation;
      for (double value : {kNan, kInfinity, -kInfinity}) {
        Problem<TypeParam> poisoned = clean;
        const std::int64_t channel = geometry.channels - 1;
        poisoned.residual[this->index_of(geometry, channel, geometry.count() / 2)] =
            value_of<TypeParam>(value);
        this->expect_contained(clean, poisoned, channel);
      }
    }
  }
}

TYPED_TEST(NonFiniteTest, GradientsStayInTheirChannel) {
  std::size_t number = 0;
  for (const Geometry& geometry : small_geometries()) {
    const Problem<TypeParam> clean(geometry, Style::kPlain, 31, varied_options(number++));
    const std::int64_t last = geometry.count() - 1;
    for (double value : {kNan, kInfinity, -kInfinity}) {
      for (std::int64_t position : {std::int64_t{0}, last}) {
        const std::int64_t channel = geometry.channels - 1;
        Problem<TypeParam> poisoned = clean;
        poisoned.grad_output[this->index_of(geometry, channel, position)] = value_of<TypeParam>(value);
        this->expect_contained(clean, poisoned, channel);
      }
    }
  }
}

TYPED_TEST(NonFiniteTest, ParametersStayInTheirChannel) {
  std::size_t number = 0;
  for (const Geometry& geometry : small_geometries()) {
    const Problem<TypeParam> clean(geometry, Style::kPlain, 32, varied_options(number++));
    const std::int64_t channel = geometry.channels / 2;
    for (auto parameter : {&Problem<TypeParam>::weight, &Problem<TypeParam>::bias, &Problem<TypeParam>::mean,
                           &Problem<TypeParam>::variance}) {
      Problem<TypeParam> poisoned = clean;
      (poisoned.*parameter)[static_cast<std::size_t>(channel)] =
          std::numeric_limits<Parameter<TypeParam>>::quiet_NaN();
      this->expect_contained(clean, poisoned, channel);
    }
  }
}

TYPED_TEST(NonFiniteTest, InfOfBothSignsGivesAMeanThatIsNotANumber) {
  for (const Geometry& geometry : typical_geometries()) {
    if (geometry.count() < 2) continue;
    const Problem<TypeParam> clean(geometry, Style::kPlain, 33);
    Problem<TypeParam> poisoned = clean;
    poisoned.input[this->index_of(geometry, 0, 0)] = value_of<TypeParam>(kInfinity);
    poisoned.input[this->index_of(geometry, 0, geometry.count() - 1)] = value_of<TypeParam>(-kInfinity);
    this->expect_contained(clean, poisoned, 0);
  }
}

// What the two tests above compare with the oracle, written out once.
TYPED_TEST(NonFiniteTest, InfGivesAnInfiniteMeanAndNoVariance) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 34);
    problem.input[this->index_of(geometry, 0, geometry.count() / 2)] = value_of<TypeParam>(kInfinity);
    const Results<TypeParam> results = run_every_call(problem, Subject(three_threads()));
    EXPECT_EQ(results.mean[0], std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isnan(results.m2[0]));
    for (std::int64_t position = 0; position < geometry.count(); ++position) {
      ASSERT_TRUE(std::isnan(real(results.output[this->index_of(geometry, 0, position)])))
          << "value " << position;
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::non_finite_test
