// The kernels against the oracle on every geometry, option and place in memory.
#include <gtest/gtest.h>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"

namespace evenkeel::kernels::test::geometry_test {
namespace {

template <typename T>
class GeometryTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(GeometryTest, Types);

TYPED_TEST(GeometryTest, CriticalExtentsInEveryPlaceAgreeWithTheOracle) {
  std::size_t number = 0;
  for (std::uint64_t seed : {1, 2}) {
    for (const Geometry& geometry : critical_geometries(60'000, seed)) {
      const Problem<TypeParam> problem(geometry, Style::kPlain, seed, varied_options(number++));
      check_every_call(problem, Subject(three_threads()));
    }
  }
}

TYPED_TEST(GeometryTest, EverySmallGeometryAgreesWithTheOracle) {
  for (std::int64_t outer = 1; outer <= 6; ++outer) {
    for (std::int64_t channels = 1; channels <= 6; ++channels) {
      for (std::int64_t inner = 1; inner <= 20; ++inner) {
        const auto number = static_cast<std::size_t>(outer + 7 * channels + 49 * inner);
        const Problem<TypeParam> problem({outer, channels, inner}, Style::kPlain, number,
                                         varied_options(number));
        check_every_call(problem, Subject(serial_executor()));
      }
    }
  }
}

TYPED_TEST(GeometryTest, EveryCombinationOfOptionsAgreesWithTheOracle) {
  for (const Geometry& geometry : small_geometries()) {
    for (unsigned bits = 0; bits < 64; ++bits) {
      Options options = varied_options(bits);
      options.weight = bits & 1U;
      options.bias = bits & 2U;
      options.in_place = bits & 4U;
      options.grad_input = bits & 8U;
      options.grad_weight = bits & 16U;
      options.grad_bias = bits & 32U;
      check_every_call(Problem<TypeParam>(geometry, Style::kPlain, bits, options), Subject(three_threads()));
    }
  }
}

TYPED_TEST(GeometryTest, EveryActivationResidualAndAliasAgreesWithTheOracle) {
  for (const Geometry& geometry : small_geometries()) {
    for (unsigned bits = 0; bits < 32; ++bits) {
      for (Activation activation : {Activation::kReLU, Activation::kLeakyReLU}) {
        Options options;
        options.placement = kPlacements[bits % kPlacements.size()];
        options.activation = activation;
        options.residual = bits & 1U;
        options.into_residual = bits & 2U;
        options.in_place = bits & 4U;
        options.positive = bits & 8U;
        options.grad_residual = bits & 16U;
        options.grad_weight = options.grad_bias = bits % 3 > 0;  // without them: the map alone
        check_every_call(Problem<TypeParam>(geometry, Style::kPlain, bits, options),
                         Subject(three_threads()));
      }
    }
  }
}

TYPED_TEST(GeometryTest, EveryPlacementAgreesWithTheOracle) {
  for (const Geometry& geometry : typical_geometries()) {
    for (Placement placement : kPlacements) {
      for (Activation activation : {Activation::kNone, Activation::kReLU}) {
        Options options;
        options.placement = placement;
        options.residual = true;
        options.activation = activation;
        check_every_call(Problem<TypeParam>(geometry, Style::kPlain, 4, options), Subject(three_threads()));
      }
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::geometry_test
