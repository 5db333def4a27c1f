// Activation and residual in the pass of the norm, against the same written in LibTorch's operators.
#include <gtest/gtest.h>

#include <limits>
#include <tuple>

#include "evenkeel/evenkeel.h"
#include "libtorch/oracle.h"

namespace evenkeel::fused_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

using Tensors = std::vector<Tensor>;
// Of x, residual, and weight and bias where there are any.
using Layer = std::function<Tensor(const Tensors&)>;

constexpr double kSlope = 0.2;

Tensor activated(Activation activation, const Tensor& v) {
  if (activation == Activation::kNone) return v;
  return activation == Activation::kReLU ? torch::relu(v) : torch::leaky_relu(v, kSlope);
}

// The output, the gradients, and the gradients of <cotangents, gradients>.
Tensors observe(const Layer& layer, const Tensors& inputs, const Tensor& grad_output,
                const Tensors& cotangents) {
  Tensors at;
  for (const Tensor& input : inputs) at.push_back(input.detach().requires_grad_());
  const Tensor g = grad_output.detach().requires_grad_();
  Tensors seen{layer(at)};
  const Tensors first = torch::autograd::grad({seen[0]}, at, {g}, true, /*create_graph=*/true, true);
  Tensor sum = torch::zeros({}, g.options());
  for (std::size_t i = 0; i < at.size(); ++i) {
    seen.push_back(first[i]);
    if (first[i].defined()) sum = sum + (first[i] * cotangents[i]).sum();
  }
  at.push_back(g);
  const Tensors second = torch::autograd::grad({sum}, at, {}, torch::nullopt, false, /*allow_unused=*/true);
  seen.insert(seen.end(), second.begin(), second.end());
  return seen;
}

void expect_near(const Tensors& seen, const Tensors& expected) {
  ASSERT_EQ(seen.size(), expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    SCOPED_TRACE("result " + std::to_string(i));
    // An operator that autograd knows to be linear gives none where ours gives zeros.
    const auto or_zero = [](const Tensor& t) { return t.defined() ? t : torch::zeros({}, torch::kDouble); };
    const Tensor wanted = or_zero(expected[i]);
    // Sums of some hundred terms, whose rounding is some 1e-14 of the largest: a wrong term would be 1.
    const double scale = wanted.numel() > 0 ? 1 + wanted.abs().max().item<double>() : 1;
    EXPECT_TRUE(torch::allclose(or_zero(seen[i]), wanted, 0, 1e-11 * scale));
  }
}

class FusedTest : public ::testing::TestWithParam<std::tuple<Layout, Activation, bool, bool, bool>> {
 protected:
  const Layout layout_ = std::get<0>(GetParam());
  const Activation activation_ = std::get<1>(GetParam());
  const bool with_residual_ = std::get<2>(GetParam());
  const bool training_ = std::get<3>(GetParam());
  const bool affine_ = std::get<4>(GetParam());

  Tensors draw(const Sizes& sizes, torch::Dtype dtype) const {
    const auto options = torch::dtype(dtype);
    Tensors inputs{lay_out(torch::randn(sizes, options) * 2 + 0.7, layout_), torch::randn(sizes, options)};
    if (affine_)
      inputs.insert(inputs.end(),
                    {torch::randn({sizes[1]}, options) + 1.5, torch::randn({sizes[1]}, options)});
    return inputs;
  }

  Tensor norm(const Tensors& in, const Tensor& mean, const Tensor& variance,
              functional::BatchNormFuncOptions options) const {
    options.training(training_).negative_slope(kSlope);
    if (affine_) options.weight(in[2]).bias(in[3]);
    return functional::batch_norm(in[0], training_ ? Tensor() : mean, training_ ? Tensor() : variance,
                                  options);
  }

  Layer fused(const Tensor& mean, const Tensor& variance) const {
    return [this, mean, variance](const Tensors& in) {
      auto options = functional::BatchNormFuncOptions().activation(activation_);
      if (with_residual_) options.residual(in[1]);
      return norm(in, mean, variance, options);
    };
  }
};

TEST_P(FusedTest, AgreesWithLibTorchsOperatorsToTheSecondOrder) {
  torch::manual_seed(30);
  for (const Sizes& sizes : {Sizes{33, 7}, Sizes{3, 4, 17}, Sizes{2, 9, 5, 7}, Sizes{4, 16, 3, 3},
                             Sizes{2, 5, 2, 3, 3}, Sizes{8, 1, 3, 3}}) {
    SCOPED_TRACE(::testing::PrintToString(sizes));
    const Tensors inputs = draw(sizes, torch::kDouble);
    Tensors cotangents;
    for (const Tensor& input : inputs) cotangents.push_back(torch::randn(input.sizes(), torch::kDouble));
    const Tensor g = torch::randn(sizes, torch::kDouble);
    const Tensor mean = torch::randn({sizes[1]}, torch::kDouble);
    const Tensor variance = torch::rand({sizes[1]}, torch::kDouble) + 0.5;
    const Layer composed = [&](const Tensors& in) {
      const Tensor y = torch::batch_norm(in[0], affine_ ? in[2] : Tensor(), affine_ ? in[3] : Tensor(),
                                         training_ ? Tensor() : mean, training_ ? Tensor() : variance,
                                         training_, 0.1, 1e-5, false);
      return activated(activation_, with_residual_ ? y + in[1] : y);
    };
    expect_near(observe(fused(mean, variance), inputs, g, cotangents),
                observe(composed, inputs, g, cotangents));
  }
}

// Norm, sum and activation round one after the other whether they are fused or not.
TEST_P(FusedTest, GivesTheBitsOfTheStepsOneAfterTheOther) {
  torch::manual_seed(31);
  for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
    for (const Sizes& sizes : {Sizes{65, 9}, Sizes{4, 3, 4, 4}, Sizes{3, 20, 7, 11}}) {
      const Tensors inputs = draw(sizes, dtype);
      const Tensor mean = torch::randn({sizes[1]}, dtype);
      const Tensor variance = torch::rand({sizes[1]}, dtype) + 0.5;
      const Tensor g = torch::randn(sizes, dtype);
      const Layer steps = [&](const Tensors& in) {
        const Tensor y = norm(in, mean, variance, {});
        return activated(activation_, with_residual_ ? y + in[1] : y);
      };
      const auto run = [&](const Layer& layer) {
        Tensors at;
        for (const Tensor& input : inputs) at.push_back(input.detach().requires_grad_());
        Tensors seen{layer(at)};
        const Tensors gradients = torch::autograd::grad({seen[0]}, at, {g}, torch::nullopt, false, true);
        seen.insert(seen.end(), gradients.begin(), gradients.end());
        const torch::NoGradGuard no_grad;
        EXPECT_TRUE(torch::equal(layer(inputs), seen[0])) << "without a graph";
        return seen;
      };
      const Tensors seen = run(fused(mean, variance));
      const Tensors expected = run(steps);
      EXPECT_TRUE(!is_dense(layout_) || seen[0].strides() == inputs[0].strides());
      for (std::size_t i = 0; i < seen.size(); ++i) {
        ASSERT_EQ(seen[i].defined(), expected[i].defined()) << i;
        EXPECT_TRUE(!seen[i].defined() || torch::equal(seen[i], expected[i])) << "result " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FusedTest,
    ::testing::Combine(::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                         Layout::kChannelsOutermost, Layout::kReversed, Layout::kMisaligned,
                                         Layout::kSliced, Layout::kNegated),
                       ::testing::Values(Activation::kNone, Activation::kReLU, Activation::kLeakyReLU),
                       ::testing::Bool(), ::testing::Bool(), ::testing::Bool()),
    [](const auto& info) {
      return std::string(name_of(std::get<0>(info.param))) + name_of(std::get<1>(info.param)) +
             (std::get<2>(info.param) ? "Residual" : "") +
             (std::get<3>(info.param) ? "Training" : "Evaluation") +
             (std::get<4>(info.param) ? "Affine" : "Plain");
    });

functional::BatchNormFuncOptions relu() {
  return functional::BatchNormFuncOptions().activation(Activation::kReLU);
}

TEST(ResidualTest, EveryLayoutOfTheResidualGivesTheSameBits) {
  torch::manual_seed(32);
  const Sizes sizes{4, 6, 5, 3};
  const Tensor residual = torch::randn(sizes);
  const Tensor g = torch::randn(sizes);
  for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast}) {
    const Tensor x = lay_out(torch::randn(sizes), layout);
    const auto step = [&](const Tensor& r) {
      const Tensor leaf = r.detach().requires_grad_();
      const Tensor at = x.detach().requires_grad_();
      const Tensor y = functional::batch_norm(at, {}, {}, relu().training(true).residual(leaf));
      return Tensors{y, torch::autograd::grad({y}, {leaf}, {g}, true)[0],
                     torch::autograd::grad({y}, {at}, {g})[0]};
    };
    const Tensors expected = step(residual);
    for (const Layout other : {Layout::kChannelsLast, Layout::kChannelsOutermost, Layout::kReversed,
                               Layout::kMisaligned, Layout::kSliced, Layout::kNegated}) {
      const Tensors seen = step(lay_out(residual, other));
      for (std::size_t i = 0; i < 3; ++i)
        EXPECT_TRUE(torch::equal(seen[i], expected[i])) << name_of(other) << i;
    }
  }
}

TEST(ResidualTest, ExpandedResidualGetsTheGradientOfItsSource) {
  const Tensor x = torch::randn({3, 4, 5}, torch::kDouble);
  const Tensor source = torch::randn({3, 1, 1}, torch::kDouble).requires_grad_();
  const Tensor g = torch::randn({3, 4, 5}, torch::kDouble);
  const Tensor y = functional::batch_norm(x, {}, {}, relu().training(true).residual(source.expand_as(x)));
  const Tensor expected = (g * (y > 0)).sum(at::IntArrayRef({1, 2}), true);
  EXPECT_TRUE(torch::allclose(torch::autograd::grad({y}, {source}, {g})[0], expected, 1e-12, 1e-12));
}

TEST(ResidualTest, WithoutAnActivationItsGradientIsTheIncomingOneItself) {
  BatchNorm1d norm(3);
  const Tensor residual = torch::randn({4, 3}).requires_grad_();
  const Tensor g = torch::randn({4, 3});
  const Tensor y = norm(torch::randn({4, 3}), residual);
  EXPECT_TRUE(torch::autograd::grad({y}, {residual}, {g})[0].is_same(g));
}

// Evaluation with these statistics leaves the values as they are.
Tensor activation_alone(const Tensor& x, Activation activation) {
  const auto options =
      functional::BatchNormFuncOptions().eps(0).activation(activation).negative_slope(kSlope);
  return functional::batch_norm(x, torch::zeros({1}, x.options()), torch::ones({1}, x.options()), options);
}

TEST(ActivationTest, GradientPassesWhereAndOnlyWhereTheValueIsPositiveOrNaN) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double tiny = 6e-8;  // about the smallest float16
  for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble, torch::kHalf, torch::kBFloat16}) {
    SCOPED_TRACE(toString(dtype));
    const Tensor values =
        torch::tensor({std::nan(""), kInf, -kInf, 0.0, -0.0, tiny, -tiny, 1.0, -1.0, 60000.0, -60000.0})
            .to(dtype)
            .reshape({-1, 1})
            .repeat({7, 1});
    const Tensor x = values.detach().requires_grad_();
    const Tensor y = activation_alone(x, Activation::kReLU);
    EXPECT_TRUE(torch::equal(y.isnan(), values.isnan()));
    EXPECT_TRUE(torch::equal(y.nan_to_num(7), values.to(torch::kFloat).relu().to(dtype).nan_to_num(7)));
    const Tensor passes = (values > 0).logical_or(values.isnan());
    const auto gradient = [&](const Tensor& of, const Tensor& g) {
      return torch::autograd::grad({of}, {x}, {g}, /*retain_graph=*/true)[0];
    };
    EXPECT_TRUE(torch::equal(gradient(y, torch::full_like(y, 3)), passes.to(dtype) * 3));
    // What does not pass is 0, even from an infinite gradient.
    EXPECT_TRUE(torch::equal(gradient(y, torch::full_like(y, kInf)),
                             torch::where(passes, torch::full_like(y, kInf), torch::zeros_like(y))));
    const Tensor leaky = activation_alone(x, Activation::kLeakyReLU);
    EXPECT_TRUE(torch::equal(gradient(leaky, torch::ones_like(y)),
                             torch::where(passes, torch::ones_like(y), torch::full_like(y, kSlope))));
  }
}

TEST(ActivationTest, WhatTheBackwardKeepsIsTheInputAndBitsNeitherOutputNorResidual) {
  const auto owners = [](const Tensor& t) { return t.use_count() + t.storage().use_count(); };
  for (const bool training : {true, false}) {
    BatchNorm2d norm(BatchNormOptions(8).activation(Activation::kReLU));
    norm->train(training);
    const Tensor x = torch::randn({4, 8, 6, 6}) * 1;
    const Tensor residual = torch::randn({4, 8, 6, 6}).requires_grad_() * 1;
    const auto before = owners(x);
    const Tensor y = norm(x, residual);
    EXPECT_TRUE(y.requires_grad());
    EXPECT_EQ(owners(x), before + 1);
    EXPECT_EQ(owners(residual), 2U);
    EXPECT_EQ(owners(y), 2U);
  }
}

TEST(ActivationTest, EmptyBatchGivesEmptyOutputAndZeroGradients) {
  for (const bool training : {true, false}) {
    BatchNorm2d norm(BatchNormOptions(3).activation(Activation::kReLU));
    norm->train(training);
    const Tensor x = torch::empty({0, 3, 4, 4}).requires_grad_();
    const Tensor residual = torch::empty({0, 3, 4, 4}).requires_grad_();
    const Tensor y = norm(x, residual);
    EXPECT_EQ(y.sizes(), x.sizes());
    for (const bool graph : {false, true}) {
      const Tensors gradients =
          torch::autograd::grad({y}, {x, residual, norm->weight}, {torch::empty_like(y)}, true, graph);
      EXPECT_EQ(gradients[0].sizes(), x.sizes());
      EXPECT_EQ(gradients[1].sizes(), x.sizes());
      EXPECT_TRUE(torch::equal(gradients[2], torch::zeros({3})));
    }
    EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
  }
}

TEST(ActivationTest, FrozenLayerTakesAGradientOfAnotherLayoutThanItsInput) {
  const Tensor x = lay_out(torch::randn({3, 5, 4, 2}), Layout::kChannelsLast).requires_grad_();
  const Tensor g = torch::randn({3, 5, 4, 2});  // contiguous
  const Tensor mean = torch::randn({5});
  const Tensor variance = torch::rand({5}) + 0.5;
  const Tensor y = functional::batch_norm(x, mean, variance, relu());
  const Tensor scale = (1 / torch::sqrt(variance + 1e-5)).reshape({1, 5, 1, 1});
  EXPECT_TRUE(torch::allclose(torch::autograd::grad({y}, {x}, {g})[0], g * (y > 0) * scale, 1e-6, 1e-6));
}

}  // namespace
}  // namespace evenkeel::fused_test
