// An empty batch has moments of zero and parameter gradients of zero, and touches nothing else.
#include <gtest/gtest.h>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::empty_batch_test {
namespace {

template <typename T>
class EmptyBatchTest : public testing::Test {};
using Types = ElementTypes;
TYPED_TEST_SUITE(EmptyBatchTest, Types);

const std::vector<Geometry>& empty_geometries() {
  static const std::vector<Geometry> geometries{{0, 3, 4}, {4, 3, 0}, {0, 3, 0}, {0, 17, 1}, {1, 500, 0},
                                                {4, 0, 4}, {0, 0, 0}, {1, 0, 1}, {0, 0, 100}};
  return geometries;
}

TYPED_TEST(EmptyBatchTest, MomentsAndParameterGradientsAreZero) {
  for (const Geometry& geometry : empty_geometries()) {
    const std::vector<double> zeros(static_cast<std::size_t>(geometry.channels), 0.0);
    const std::vector<Parameter<TypeParam>> no_gradients(zeros.begin(), zeros.end());
    for (const auto& subject : {Subject(three_threads()), Subject(serial_executor()), Subject::reference()}) {
      for (std::size_t number = 0; number < 10; ++number) {
        Problem<TypeParam> problem(geometry, Style::kPlain, 60, varied_options(number));
        if (number % 2 == 0) problem.options.eps = 0.0;
        SCOPED_TRACE(problem);
        const Results<TypeParam> results = run_every_call(problem, subject);
        EXPECT_EQ(results.moments_mean, zeros);
        EXPECT_EQ(results.moments_m2, zeros);
        EXPECT_EQ(results.mean, zeros);
        EXPECT_EQ(results.m2, zeros);
        EXPECT_EQ(results.grad_weight, no_gradients);
        EXPECT_EQ(results.grad_bias, no_gradients);
        EXPECT_EQ(results.evaluation_grad_weight, no_gradients);
        EXPECT_EQ(results.evaluation_grad_bias, no_gradients);
      }
    }
  }
}

TYPED_TEST(EmptyBatchTest, TensorsWithoutElementsMayBeNull) {
  double mean = 7.0;
  double m2 = 7.0;
  Parameter<TypeParam> grad_weight = 7;
  Parameter<TypeParam> grad_bias = 7;
  const Geometry geometry{0, 1, 5};
  Executor& executor = three_threads();
  run(TrainingForward<TypeParam>{geometry, nullptr, nullptr, nullptr, 1e-5, nullptr, &mean, &m2}, executor);
  run(TrainingBackward<TypeParam>{geometry, nullptr, nullptr, nullptr, &mean, &m2, 1e-5, nullptr,
                                  &grad_weight, &grad_bias},
      executor);
  EXPECT_EQ(mean, 0.0);
  EXPECT_EQ(m2, 0.0);
  EXPECT_EQ(grad_weight, 0);
  EXPECT_EQ(grad_bias, 0);
}

TYPED_TEST(EmptyBatchTest, NoValuesHaveNoBits) {
  for (const Geometry& geometry : empty_geometries()) EXPECT_EQ(positive_bytes<TypeParam>(geometry), 0);
}

TYPED_TEST(EmptyBatchTest, AnActivationNeedsNoBitsOfNothing) {
  for (const Geometry& geometry : empty_geometries()) {
    std::vector<Parameter<TypeParam>> ones(static_cast<std::size_t>(geometry.channels), 1);
    std::vector<double> doubles(ones.size(), 1.0);
    TrainingBackward<TypeParam> training{.geometry = geometry, .mean = doubles.data(), .m2 = doubles.data()};
    training.activation = Activation::kReLU;
    EXPECT_NO_THROW(run(training, three_threads()));
    EvaluationBackward<TypeParam> evaluation{
        .geometry = geometry, .mean = ones.data(), .variance = ones.data()};
    evaluation.activation = Activation::kReLU;
    EXPECT_NO_THROW(run(evaluation, three_threads()));
  }
}

TYPED_TEST(EmptyBatchTest, NoChannelsNeedNoPointersAtAll) {
  const Geometry geometry{4, 0, 5};
  Executor& executor = three_threads();
  run(ChannelMoments<TypeParam>{geometry, nullptr, nullptr, nullptr}, executor);
  run(TrainingForward<TypeParam>{.geometry = geometry}, executor);
  run(TrainingBackward<TypeParam>{.geometry = geometry}, executor);
  run(EvaluationForward<TypeParam>{.geometry = geometry}, executor);
  run(EvaluationBackward<TypeParam>{.geometry = geometry}, executor);
}

}  // namespace
}  // namespace evenkeel::kernels::test::empty_batch_test
