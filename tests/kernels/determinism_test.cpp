// The same bits for any executor, any number of threads, any place in memory, and every repetition.
#include <gtest/gtest.h>

#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::determinism_test {
namespace {

template <typename T>
class DeterminismTest : public testing::Test {};
using Types = ElementTypes;
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
  std::size_t number = 0;
  for (const Geometry& geometry : typical_geometries()) {
    for (Style style : {Style::kPlain, Style::kLateStart, Style::kHuge}) {
      expect_same_bits_on_every_executor(Problem<TypeParam>(geometry, style, 5, varied_options(number++)));
    }
  }
}

TYPED_TEST(DeterminismTest, CriticalGeometriesGiveTheSameBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : critical_geometries(20'000, 6)) {
    expect_same_bits_on_every_executor(
        Problem<TypeParam>(geometry, Style::kPlain, 6, varied_options(number++)));
  }
}

TYPED_TEST(DeterminismTest, TensorsOverManyBlocksGiveTheSameBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : {Geometry{40'000, 16, 1},
                                   {2'000, 500, 1},
                                   {1, 3, 200'000},
                                   {100, 20, 576},
                                   {300, 33, 49},
                                   {2, 5, 40'001}}) {
    Options options;
    options.residual = number % 2 == 0;
    options.activation = number++ % 2 == 0 ? Activation::kReLU : Activation::kNone;
    expect_same_bits_on_every_executor(Problem<TypeParam>(geometry, Style::kPlain, 7, options));
  }
}

TYPED_TEST(DeterminismTest, EveryPlaceInMemoryGivesTheSameBits) {
  for (const Geometry& geometry : typical_geometries()) {
    Problem<TypeParam> problem(geometry, Style::kPlain, 8);
    problem.options.residual = true;
    problem.options.activation = Activation::kLeakyReLU;
    const Results<TypeParam> expected = run_every_call(problem, Subject(three_threads()));
    for (Placement placement : kPlacements) {
      for (unsigned alias : {0U, 1U, 2U}) {
        problem.options.placement = placement;
        problem.options.in_place = alias == 1;
        problem.options.into_residual = alias == 2;
        SCOPED_TRACE(problem);
        const Results<TypeParam> found = run_every_call(problem, Subject(three_threads()));
        EXPECT_EQ(first_difference(geometry, expected, found), "");
      }
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::determinism_test
