// The same bits for any executor, any number of threads, any place in memory, and every repetition.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

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

// What else is asked for changes no bit of a result: recomputing a step without autograd gives what the step gave.
template <typename T>
void expect_same_bits_whatever_is_asked_for(const Geometry& geometry, Style style) {
  Problem<T> problem(geometry, style, 9);
  problem.options.activation = Activation::kReLU;
  problem.options.grad_residual = false;
  SCOPED_TRACE(problem);
  const Results<T> everything = run_every_call(problem, Subject(three_threads()));
  const auto channels = static_cast<std::size_t>(geometry.channels);
  std::vector<T> output(static_cast<std::size_t>(geometry.size()));
  std::vector<double> mean(channels), m2(channels);
  TrainingForward<T> forward{geometry, problem.input.data(), problem.weight.data(), problem.bias.data()};
  forward.output = output.data();
  forward.mean = mean.data();
  forward.m2 = m2.data();
  forward.activation = Activation::kReLU;
  std::vector<std::uint8_t> bits(static_cast<std::size_t>(positive_bytes<T>(geometry)));
  const auto same = [](const auto& a, const auto& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
  };
  for (std::uint8_t* positive : {static_cast<std::uint8_t*>(nullptr), bits.data()}) {
    forward.positive = positive;
    run(forward, three_threads());
    EXPECT_TRUE(same(mean, everything.moments_mean) && same(m2, everything.moments_m2))
        << (positive != nullptr);
    EXPECT_TRUE(same(output, everything.output)) << (positive != nullptr);
  }
  // Each gradient alone, with the activation's bits; in training and in evaluation.
  std::vector<T> of_input(output.size());
  std::vector<Parameter<T>> of_weight(channels), of_bias(channels);
  for (unsigned asked = 1; asked < 8; ++asked) {
    const auto ask = [&](auto call) {
      call.input = problem.input.data();
      call.grad_output = problem.grad_output.data();
      call.weight = problem.weight.data();
      call.activation = Activation::kReLU;
      call.positive = bits.data();
      if (asked & 1) call.grad_input = of_input.data();
      if (asked & 2) call.grad_weight = of_weight.data();
      if (asked & 4) call.grad_bias = of_bias.data();
      run(call, three_threads());
    };
    TrainingBackward<T> training{geometry};
    training.mean = mean.data();
    training.m2 = m2.data();
    ask(training);
    EXPECT_TRUE(!(asked & 1) || same(of_input, everything.grad_input)) << asked;
    EXPECT_TRUE(!(asked & 2) || same(of_weight, everything.grad_weight)) << asked;
    EXPECT_TRUE(!(asked & 4) || same(of_bias, everything.grad_bias)) << asked;
    EvaluationForward<T> evaluation{geometry,
                                    problem.input.data(),
                                    problem.weight.data(),
                                    problem.bias.data(),
                                    problem.mean.data(),
                                    problem.variance.data()};
    evaluation.output = output.data();
    evaluation.activation = Activation::kReLU;
    evaluation.positive = bits.data();
    run(evaluation, three_threads());
    EvaluationBackward<T> gradient{geometry};
    gradient.mean = problem.mean.data();
    gradient.variance = problem.variance.data();
    ask(gradient);
    EXPECT_TRUE(!(asked & 1) || same(of_input, everything.evaluation_grad_input)) << asked;
    EXPECT_TRUE(!(asked & 2) || same(of_weight, everything.evaluation_grad_weight)) << asked;
    EXPECT_TRUE(!(asked & 4) || same(of_bias, everything.evaluation_grad_bias)) << asked;
    run(forward, three_threads());  // its bits again
  }
}

TYPED_TEST(DeterminismTest, WhatElseIsAskedForChangesNoBit) {
  const Geometry many_blocks[] = {{6'272, 64, 1}, {3'136, 100, 1}, {40'000, 16, 1}, {500, 2'000, 1},
                                  {8, 64, 784},   {300, 33, 49},   {1, 3, 200'000}, {200, 70, 256}};
  for (const Geometry& geometry : many_blocks) {
    expect_same_bits_whatever_is_asked_for<TypeParam>(geometry, Style::kPlain);
  }
  for (const Geometry& geometry : typical_geometries()) {
    for (const Style style : {Style::kPlain, Style::kHuge, Style::kTiny}) {
      expect_same_bits_whatever_is_asked_for<TypeParam>(geometry, style);
    }
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
