// The same bits for any executor, any number of threads, any place in memory, and every repetition.
#include <gtest/gtest.h>

#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test {
namespace {

template <typename T>
class DeterminismTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(DeterminismTest, Types);

template <typename T>
void expect_same_bits_on_every_executor(const Problem<T>& problem) {
  SCOPED_TRACE(problem);
  const Results<T> expected = run_every_call(problem, Subject(serial_executor()));
  for (const auto& [name, executor] : all_executors()) {
    for (int repetition = 0; repetition < 2; ++repetition) {
      const Results<T> found = run_every_call(problem, Subject(executor));
      EXPECT_EQ(first_difference(problem.geometry, expected, found), "") << "serial and " << name;
    }
  }
}

TYPED_TEST(DeterminismTest, EveryExecutorGivesTheSameBits) {
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : {Style::kPlain, Style::kLateStart, Style::kHuge}) {
      expect_same_bits_on_every_executor(Problem<TypeParam>(geometry, style, 5));
    }
  }
}

TYPED_TEST(DeterminismTest, CriticalGeometriesGiveTheSameBits) {
  for (const Geometry& geometry : critical_geometries(20'000, 6)) {
    expect_same_bits_on_every_executor(Problem<TypeParam>(geometry, Style::kPlain, 6));
  }
}

TYPED_TEST(DeterminismTest, TensorsOverManyBlocksGiveTheSameBits) {
  for (const Geometry& geometry : {Geometry{40'000, 16, 1},
                                   {2'000, 500, 1},
                                   {1, 3, 200'000},
                                   {100, 20, 576},
                                   {300, 33, 49},
                                   {2, 5, 40'001}}) {
    expect_same_bits_on_every_executor(Problem<TypeParam>(geometry, Style::kPlain, 7));
  }
}

TYPED_TEST(DeterminismTest, EveryPlaceInMemoryGivesTheSameBits) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 8);
    const Results<TypeParam> expected = run_every_call(problem, Subject(three_threads()));
    for (Placement placement : kPlacements) {
      for (bool in_place : {false, true}) {
        problem.options.placement = placement;
        problem.options.in_place = in_place;
        SCOPED_TRACE(problem);
        const Results<TypeParam> found = run_every_call(problem, Subject(three_threads()));
        EXPECT_EQ(first_difference(geometry, expected, found), "");
      }
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test
