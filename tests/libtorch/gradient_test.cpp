// Gradients of every order against finite differences, and what autograd may and may not do with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "evenkeel/evenkeel.h"
#include "libtorch/finite_differences.h"
#include "libtorch/oracle.h"

namespace evenkeel::gradient_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

// With an activation there is a residual too.
class GradientTest : public ::testing::TestWithParam<std::tuple<bool, bool, Layout, Activation>> {};

TEST_P(GradientTest, FirstSecondAndThirdOrderMatchFiniteDifferences) {
  const auto [training, affine, layout, activation] = GetParam();
  torch::manual_seed(3);
  const auto f64 = torch::dtype(torch::kDouble);
  const Tensor mean = torch::randn({2}, f64);
  const Tensor variance = torch::rand({2}, f64) + 0.5;
  // The output goes through a sine, so that no order vanishes, and is weighted with an input of its own.
  Inputs inputs{lay_out(torch::randn({3, 2, 2}, f64) * 1.5 + 1, layout), torch::randn({3, 2, 2}, f64)};
  if (affine) inputs.insert(inputs.end(), {torch::randn({2}, f64) + 1, torch::randn({2}, f64)});
  const bool fused = activation != Activation::kNone;
  if (fused) inputs.push_back(torch::randn({3, 2, 2}, f64));
  const auto norm = [&, training = training, affine = affine](const Inputs& in, Activation then) {
    auto options = functional::BatchNormFuncOptions().training(training).eps(1e-3).activation(then);
    if (affine) options.weight(in[2]).bias(in[3]);
    if (fused) options.residual(in.back());
    const Tensor none;
    return functional::batch_norm(in[0], training ? none : mean, training ? none : variance, options);
  };
  const ScalarFunction function = [&, activation = activation](const Inputs& in) {
    return (norm(in, activation).sin() * in[1]).sum();
  };
  // Differences reach some 1e-5 to either side; no value may come to the other side of the activation's kink.
  ASSERT_GT(norm(inputs, Activation::kNone).abs().min().item<double>(), 1e-3);
  const ScalarFunction first = derivative(function, inputs);
  const ScalarFunction second = derivative(first, inputs);
  {
    SCOPED_TRACE("first order");
    expect_gradients_match_differences(function, inputs);
  }
  {
    SCOPED_TRACE("second order");
    expect_gradients_match_differences(first, inputs);
  }
  {
    SCOPED_TRACE("third order");
    expect_gradients_match_differences(second, inputs);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GradientTest,
    ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                       ::testing::Values(Layout::kContiguous, Layout::kChannelsLast, Layout::kSliced),
                       ::testing::Values(Activation::kNone, Activation::kReLU, Activation::kLeakyReLU)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param) ? "Training" : "Evaluation") +
             (std::get<1>(info.param) ? "Affine" : "Plain") + name_of(std::get<2>(info.param)) +
             name_of(std::get<3>(info.param));
    });

TEST(AutogradTest, TwoForwardsBeforeABackwardGiveTheGradientsOfEach) {
  torch::manual_seed(4);
  BatchNorm2d norm(3);
  BatchNorm2d alone(3);
  const Tensor x1 = torch::randn({4, 3, 2, 2}).requires_grad_();
  const Tensor x2 = (torch::randn({4, 3, 2, 2}) * 5).requires_grad_();
  const Tensor g = torch::randn({4, 3, 2, 2});
  const Tensor y1 = norm(x1);
  const Tensor y2 = norm(x2);
  torch::autograd::backward({y1, y2}, {g, g});
  const Tensor expected = torch::autograd::grad({alone(x1)}, {x1}, {g})[0];
  EXPECT_TRUE(torch::equal(x1.grad(), expected));
}

TEST(AutogradTest, TrainingAfterAnEvaluationDoesNotChangeItsGradient) {
  torch::manual_seed(5);
  BatchNorm2d norm(3);
  const Tensor x = torch::randn({4, 3, 2, 2}).requires_grad_();
  const Tensor g = torch::randn({4, 3, 2, 2});
  norm->eval();
  const auto gradients = [&](bool train_between) {
    const Tensor y = norm(x);
    norm->train();
    if (train_between) norm(torch::randn({8, 3, 2, 2}) * 10 + 5);
    norm->eval();
    return torch::autograd::grad({y}, {x, norm->weight}, {g});
  };
  const auto undisturbed = gradients(false);
  const auto disturbed = gradients(true);
  EXPECT_TRUE(torch::equal(undisturbed[0], disturbed[0]));
  EXPECT_TRUE(torch::equal(undisturbed[1], disturbed[1]));
}

TEST(AutogradTest, BackwardRefusesAWeightThatWasChangedInPlace) {
  BatchNorm2d norm(3);
  const Tensor x = torch::randn({4, 3, 2, 2}).requires_grad_();
  const Tensor y = norm(x).sum();
  {
    torch::NoGradGuard no_grad;
    norm->weight.mul_(2);
  }
  EXPECT_THROW(y.backward(), c10::Error);
}

TEST(AutogradTest, UpdateOfRunningStatisticsIsSeenByAutograd) {
  BatchNorm2d norm(3);
  const auto before = norm->running_mean._version();
  norm(torch::randn({4, 3, 2, 2}));
  EXPECT_GT(norm->running_mean._version(), before);
  EXPECT_GT(norm->running_var._version(), 0);
}

TEST(AutogradTest, OnlyWhatIsAskedForGetsAGradient) {
  for (const bool training : {true, false}) {
    SCOPED_TRACE(training);
    BatchNorm2d norm(3);
    norm->train(training);
    norm->bias.set_requires_grad(false);
    const Tensor x = torch::randn({4, 3, 2, 2});
    const Tensor y = norm(x);
    EXPECT_TRUE(y.requires_grad());
    y.sum().backward();
    EXPECT_FALSE(x.grad().defined());
    EXPECT_TRUE(norm->weight.grad().defined());
    EXPECT_FALSE(norm->bias.grad().defined());
    norm->weight.set_requires_grad(false);
    EXPECT_FALSE(norm(x).requires_grad());
    norm->weight.set_requires_grad(true);
    const torch::NoGradGuard no_grad;
    EXPECT_FALSE(norm(x).requires_grad());
  }
}

TEST(AutogradTest, FrozenLayerInEvaluationDoesNotKeepItsInput) {
  BatchNorm2d norm(3);
  norm->eval();
  const Tensor leaf = torch::randn({4, 3, 2, 2}).requires_grad_();
  const Tensor x = leaf * 2;
  const auto owners = x.use_count();
  const Tensor learning = norm(x);
  EXPECT_EQ(x.use_count(), owners + 1);
  norm->weight.set_requires_grad(false);
  const Tensor frozen = norm(x);
  EXPECT_EQ(x.use_count(), owners + 1);
  const Tensor g = torch::randn_like(x);
  const Tensor scale = (norm->weight / torch::sqrt(norm->running_var + 1e-5)).reshape({1, 3, 1, 1}) * 2;
  EXPECT_TRUE(torch::allclose(torch::autograd::grad({frozen}, {leaf}, {g})[0], g * scale, 1e-6, 1e-6));
}

TEST(AutogradTest, GradientOfAnExpandedOutputGradientIsRight) {
  torch::manual_seed(6);
  BatchNorm2d norm(3);
  const Tensor x = torch::randn({4, 3, 2, 2}, torch::dtype(torch::kDouble)).requires_grad_();
  norm->to(torch::kDouble);
  norm->eval();
  norm(x).sum().backward();  // sum() gives a gradient of stride 0
  EXPECT_TRUE(torch::allclose(x.grad(), torch::full_like(x, 1 / std::sqrt(1 + 1e-5)), 1e-14, 0));
}

TEST(AutogradTest, ForwardModeIsRefusedRatherThanDropped) {
  const auto level = torch::autograd::ForwardADLevel::get_next_idx;
  const auto index = level();
  const Tensor x = torch::randn({4, 3});
  const Tensor dual = at::_make_dual(x, torch::ones_like(x), static_cast<std::int64_t>(index));
  BatchNorm1d norm(BatchNormOptions(3).affine(false));
  EXPECT_THROW(norm(dual), c10::Error);
  torch::autograd::ForwardADLevel::release_idx(index);
}

}  // namespace
}  // namespace evenkeel::gradient_test
