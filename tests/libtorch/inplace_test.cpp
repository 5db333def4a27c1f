// When the output lies over the residual or the input, and that it never changes what is computed.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "evenkeel/evenkeel.h"
#include "libtorch/oracle.h"

namespace evenkeel::inplace_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

const Sizes kSizes{4, 3, 5, 2};

BatchNorm2d layer(bool training, bool inplace = true) {
  BatchNorm2d norm(BatchNormOptions(3).activation(Activation::kReLU).inplace(inplace));
  torch::manual_seed(40);
  const torch::NoGradGuard no_grad;
  norm->weight.uniform_(0.5, 2);
  norm->bias.normal_();
  norm->train(training);
  return norm;
}

// What a call that may overwrite gives for these values, against one that may not.
void expect_overwritten(bool training, const Tensor& x, const Tensor& residual) {
  const Tensor expected = layer(training, false)(x.clone(), residual.defined() ? residual.clone() : residual);
  const Tensor& target = residual.defined() ? residual : x;
  const auto version = target._version();
  const Tensor y = layer(training)(x, residual);
  EXPECT_TRUE(y.is_same(target));
  EXPECT_TRUE(torch::equal(y, expected));
  EXPECT_GT(target._version(), version);
}

void expect_untouched(bool training, const Tensor& x, const Tensor& residual) {
  const Tensor x_before = x.detach().clone();
  const Tensor expected = layer(training, false)(x, residual);
  const Tensor residual_before = residual.defined() ? residual.detach().clone() : residual;
  const Tensor y = layer(training)(x, residual);
  EXPECT_TRUE(torch::equal(y, expected));
  EXPECT_TRUE(torch::equal(x, x_before));
  EXPECT_TRUE(!residual.defined() || torch::equal(residual, residual_before));
}

TEST(InplaceTest, WithoutAGraphTheOutputLiesOverTheResidualOrElseTheInput) {
  const torch::NoGradGuard no_grad;
  for (const bool training : {false, true}) {
    SCOPED_TRACE(training);
    for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast, Layout::kMisaligned}) {
      expect_overwritten(training, lay_out(torch::randn(kSizes), layout), {});
      expect_overwritten(training, lay_out(torch::randn(kSizes), layout),
                         lay_out(torch::randn(kSizes), layout));
    }
  }
}

TEST(InplaceTest, WithAGraphTheOutputLiesOverTheResidualAndTheGradientsAreTheSame) {
  for (const bool training : {false, true}) {
    SCOPED_TRACE(training);
    torch::manual_seed(41);
    const Tensor x = torch::randn(kSizes).requires_grad_();
    const Tensor source = torch::randn(kSizes).requires_grad_();
    const Tensor g = torch::randn(kSizes);
    const auto step = [&](bool inplace) {
      BatchNorm2d norm = layer(training, inplace);
      const Tensor residual = source * 2;
      const Tensor y = norm(x, residual);
      EXPECT_EQ(y.is_same(residual), inplace);
      const auto first = torch::autograd::grad({y}, {x, source, norm->weight, norm->bias}, {g}, true, true);
      const auto second = torch::autograd::grad({first[0].square().sum() + first[1].square().sum()},
                                                {x, norm->weight}, {}, torch::nullopt, false, true);
      std::vector<Tensor> seen{y, first[0], first[1], first[2], first[3], second[1]};
      if (training) seen.push_back(second[0]);
      return seen;
    };
    const auto seen = step(true);
    const auto expected = step(false);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(torch::equal(seen[i], expected[i])) << i;
  }
}

TEST(InplaceTest, ABackwardThatSavedTheOldValuesRefuses) {
  const Tensor source = torch::randn(kSizes).requires_grad_();
  const Tensor kept = source.exp();  // its backward reads `kept`
  layer(true)(torch::randn(kSizes), kept);
  EXPECT_THROW(kept.sum().backward(), c10::Error);
  const Tensor again = source.exp();
  {
    const torch::NoGradGuard no_grad;
    layer(false)(again);
  }
  EXPECT_THROW(again.sum().backward(), c10::Error);
}

TEST(InplaceTest, WhatMustNotBeOverwrittenIsNot) {
  for (const bool training : {false, true}) {
    SCOPED_TRACE(training);
    const Tensor x = torch::randn(kSizes);
    const Tensor leaf = torch::randn(kSizes).requires_grad_();
    expect_untouched(training, x, {});    // the backward needs it
    expect_untouched(training, x, leaf);  // a leaf that requires a gradient
    expect_untouched(training, x, x);
    expect_untouched(training, x, (leaf * 2).view(kSizes));  // a view in the graph
    expect_untouched(training, x, lay_out(torch::randn(kSizes), Layout::kChannelsLast));
    expect_untouched(training, x, torch::randn({4, 3, 1, 1}).expand(kSizes));
    const torch::NoGradGuard no_grad;
    expect_untouched(training, leaf, {});
    expect_untouched(training, x, leaf);
    expect_untouched(training, x, x);
    expect_untouched(training, lay_out(x, Layout::kSliced), {});
    expect_untouched(training, lay_out(x, Layout::kNegated), {});
    const Tensor memory = torch::randn({5, 3, 5, 2});  // overlapping, one picture further
    expect_untouched(training, memory.narrow(0, 0, 4), memory.narrow(0, 1, 4));
  }
}

TEST(InplaceTest, ABatchThatIsRefusedLeavesEverythingAsItWas) {
  for (const bool graph : {true, false}) {
    for (const bool with_residual : {true, false}) {
      SCOPED_TRACE(::testing::Message() << graph << with_residual);
      const torch::autograd::AutoGradMode mode(graph);
      BatchNorm2d norm(BatchNormOptions(3).inplace(true).non_finite(NonFinite::kThrow));
      Tensor x = torch::randn(kSizes);
      x.index_put_({1, 1, 2, 1}, std::numeric_limits<float>::infinity());
      const Tensor residual = torch::randn(kSizes);
      const Tensor x_before = x.clone();
      const Tensor residual_before = residual.clone();
      EXPECT_THROW(norm(x, with_residual ? residual : Tensor()), c10::Error);
      EXPECT_TRUE(torch::equal(x, x_before));
      EXPECT_TRUE(torch::equal(residual, residual_before));
      EXPECT_EQ(residual._version(), 0);
      EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
      EXPECT_TRUE(torch::equal(norm->running_mean, torch::zeros({3})));
    }
  }
}

TEST(InplaceTest, InferenceTensorsAreOverwrittenInInferenceModeOnly) {
  const auto made_in_inference = [] {
    const c10::InferenceMode mode;
    return torch::randn(kSizes);
  };
  const Tensor x = made_in_inference();
  BatchNorm2d norm = layer(false);
  {
    const torch::NoGradGuard no_grad;
    EXPECT_FALSE(norm(x).is_same(x));
  }
  const c10::InferenceMode mode;
  EXPECT_TRUE(norm(x).is_same(x));
}

}  // namespace
}  // namespace evenkeel::inplace_test
