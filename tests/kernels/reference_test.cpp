// The scalar reference against the independent oracle: every style of data on every kind of geometry.
#include <gtest/gtest.h>

#include "kernels/support/checks.h"
#include "kernels/support/geometries.h"

namespace evenkeel::kernels::test::reference_test {
namespace {

template <typename T>
class ReferenceTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(ReferenceTest, Types);

TYPED_TEST(ReferenceTest, AgreesWithTheOracleOnEveryStyleOfData) {
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : kStyles) {
      check_every_call(Problem<TypeParam>(geometry, style, 1, varied_options(number++)),
                       Subject::reference());
    }
  }
}

TYPED_TEST(ReferenceTest, AgreesWithTheOracleOnCriticalGeometries) {
  std::size_t number = 0;
  for (const Geometry& geometry : critical_geometries(20'000, 2)) {
    check_every_call(Problem<TypeParam>(geometry, Style::kPlain, 2, varied_options(number++)),
                     Subject::reference());
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::reference_test
