// A mask: statistics of what it lets through, everything normalised, gradients through what counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <tuple>

#include "evenkeel/evenkeel.h"
#include "libtorch/finite_differences.h"
#include "libtorch/magnitudes.h"

namespace evenkeel::mask_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

constexpr double kEps = kMagnitudesEps;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

functional::BatchNormFuncOptions training(const Tensor& mask) {
  return functional::BatchNormFuncOptions().training(true).eps(kEps).mask(mask);
}

// (N, 1, *spatial): how a mask meets an (N, C, *spatial) tensor.
Tensor broadcast(const Tensor& mask, const Sizes& input) {
  Sizes sizes = input;
  sizes[1] = 1;
  if (mask.dim() > 1 || input.size() == 2) return mask.to(torch::kDouble).reshape(sizes);
  Sizes examples(input.size(), 1);
  examples[0] = input[0];
  return mask.to(torch::kDouble).reshape(examples).expand(sizes);
}

struct Statistics {
  Tensor mean, variance;
};

Statistics masked_statistics(const Tensor& x, const Tensor& p) {
  const Sizes dims = all_but_channels(x);
  const Tensor total = p.sum();
  const Tensor mean = (p * x).sum(dims, true) / total;
  return {mean, (p * (x - mean).square()).sum(dims, true) / total};
}

enum class Mask { kExamples, kPositions, kPositionsOfAChannel, kWeights };

Tensor draw_mask(Mask kind, const Sizes& sizes) {
  Sizes positions = sizes;
  positions[1] = 1;
  Tensor drawn = torch::rand(kind == Mask::kExamples ? Sizes{sizes[0]} : positions);
  drawn.flatten().slice(0, 0, 2).fill_(0.9);  // two at least count
  if (kind == Mask::kPositions) drawn = drawn.squeeze(1);
  return kind == Mask::kWeights ? drawn.masked_fill(drawn < 0.4, 0) * 2 : drawn > 0.4;
}

const std::vector<Sizes> kShapes{{33, 17},     {9, 1},        {7, 4, 15},     {2, 5, 257},
                                 {4, 8, 5, 7}, {2, 31, 8, 8}, {3, 4, 2, 3, 5}};

class MaskTest : public ::testing::TestWithParam<std::tuple<Layout, torch::Dtype, Mask>> {};

TEST_P(MaskTest, OutputsGradientsAndDoubleBackwardAgreeWithTheFormula) {
  const auto [layout, dtype, kind] = GetParam();
  const double eps =
      dtype == torch::kFloat ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  torch::manual_seed(40);
  for (const Sizes& sizes : kShapes) {
    SCOPED_TRACE(::testing::PrintToString(sizes));
    Experiment e = Experiment::draw(sizes, true, dtype);
    const Tensor mask = draw_mask(kind, sizes);
    const Tensor p = broadcast(mask, sizes);
    const Experiment exact = e.in_double();
    const Statistics statistics = masked_statistics(exact.input, p);
    e.input = lay_out(e.input, layout);
    const Norm ours = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
      return functional::batch_norm(x, {}, {}, training(mask).weight(w).bias(b));
    };
    const Norm by_formula = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
      const Statistics of = masked_statistics(x, p);
      return formula(x, w, b, of.mean, of.variance, kEps);
    };
    // Sums go over all positions and are shared by those that count: so much larger are their terms. The shares reach at
    // most twice the average, and a position that does not count may lie further out.
    const double n = largest(formula(exact.input, {}, {}, statistics.mean, statistics.variance, kEps));
    const double shared = 2 * static_cast<double>(p.numel()) / p.sum().item<double>() * (1 + n);
    const Magnitudes magnitudes(exact, statistics.mean, statistics.variance);
    const Observation expected = exact.observe(by_formula, true);
    expect_near(e.observe(ours, false), exact.observe(by_formula, false), magnitudes, shared * eps);
    expect_near(e.observe(ours, true), expected, magnitudes, shared * eps);
  }
}

INSTANTIATE_TEST_SUITE_P(LayoutsDtypesAndMasks, MaskTest,
                         ::testing::Combine(::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                                              Layout::kChannelsOutermost, Layout::kReversed,
                                                              Layout::kSliced),
                                            ::testing::Values(torch::kFloat, torch::kDouble),
                                            ::testing::Values(Mask::kExamples, Mask::kPositions,
                                                              Mask::kPositionsOfAChannel, Mask::kWeights)));

// The reason for masks: sequences of different lengths.
TEST(MaskedSequencesTest, AreAsIfThePaddingWereCutAway) {
  torch::manual_seed(41);
  const std::vector<std::int64_t> lengths{7, 3, 9, 1};
  const Tensor x = torch::randn({4, 5, 9}, torch::kDouble);
  const Tensor g = torch::randn({4, 5, 9}, torch::kDouble);
  const Tensor mask = torch::arange(9).unsqueeze(0) < torch::tensor(lengths).unsqueeze(1);
  const auto cut = [&](const Tensor& t) {  // (sum of lengths, C)
    std::vector<Tensor> rows;
    for (std::size_t k = 0; k < lengths.size(); ++k) {
      rows.push_back(t[static_cast<std::int64_t>(k)].slice(1, 0, lengths[k]).t());
    }
    return torch::cat(rows).contiguous();
  };
  for (const double padding : {0.0, 1e6, kNan, std::numeric_limits<double>::infinity()}) {
    SCOPED_TRACE(padding);
    for (const bool second : {false, true}) {
      const Tensor padded = x.masked_fill(mask.unsqueeze(1).logical_not(), padding).requires_grad_();
      const Tensor dense = cut(x).requires_grad_();
      Tensor mean = torch::zeros({5}, torch::kDouble), var = torch::ones({5}, torch::kDouble);
      Tensor dense_mean = mean.clone(), dense_var = var.clone();
      const Tensor y = functional::batch_norm(padded, mean, var, training(mask));
      const Tensor expected = torch::batch_norm(dense, {}, {}, dense_mean, dense_var, true, 0.1, kEps, false);
      const Tensor g_kept = g.masked_fill(mask.unsqueeze(1).logical_not(), 0);
      const auto gradient = torch::autograd::grad({y}, {padded}, {g_kept}, second, second)[0];
      const auto expected_gradient = torch::autograd::grad({expected}, {dense}, {cut(g)}, second, second)[0];
      EXPECT_TRUE(torch::allclose(cut(y), expected, 1e-12, 1e-12));
      EXPECT_TRUE(torch::allclose(cut(gradient), expected_gradient, 1e-11, 1e-12));
      EXPECT_TRUE(torch::allclose(mean, dense_mean, 1e-12, 1e-14));
      EXPECT_TRUE(torch::allclose(var, dense_var, 1e-12, 1e-14));
      EXPECT_EQ(largest(gradient.masked_fill(mask.unsqueeze(1), 0)), 0);
      if (!second) continue;
      const auto again = torch::autograd::grad({gradient.square().sum()}, {padded})[0];
      const auto expected_again = torch::autograd::grad({expected_gradient.square().sum()}, {dense})[0];
      EXPECT_TRUE(torch::allclose(cut(again), expected_again, 1e-10, 1e-11));
      EXPECT_EQ(largest(again.masked_fill(mask.unsqueeze(1), 0)), 0);
    }
  }
}

TEST(MaskGradientTest, EveryOrderMatchesFiniteDifferences) {
  torch::manual_seed(42);
  const Inputs inputs{torch::randn({3, 2, 4}, torch::kDouble), torch::rand({2}, torch::kDouble) + 0.5,
                      torch::randn({2}, torch::kDouble), torch::randn({3, 2, 4}, torch::kDouble)};
  const Tensor seed = torch::randn({3, 2, 4}, torch::kDouble);
  const Tensor mask = torch::rand({3, 4}, torch::kDouble).masked_fill(torch::rand({3, 4}) < 0.3, 0);
  const ScalarFunction first = [=](const Inputs& at) {
    const auto options = training(mask).eps(0.1).weight(at[1]).bias(at[2]).residual(at[3]);
    return (functional::batch_norm(at[0], {}, {}, options).sin() * seed).sum();
  };
  expect_gradients_match_differences(first, inputs);
  const ScalarFunction second = derivative(first, inputs);
  expect_gradients_match_differences(second, inputs);
  expect_gradients_match_differences(derivative(second, inputs), inputs);
}

TEST(MaskedBatchTest, OnesAreAsNoMask) {
  torch::manual_seed(43);
  for (const Activation activation : {Activation::kNone, Activation::kReLU, Activation::kLeakyReLU}) {
    const Tensor residual = torch::randn({4, 6, 5, 5});
    const auto observe = [&](const Tensor& mask) {
      torch::manual_seed(44);
      const Experiment e = Experiment::draw({4, 6, 5, 5}, true, torch::kFloat);
      return e.observe(
          [&](const Tensor& x, const Tensor& w, const Tensor& b) {
            return functional::batch_norm(
                x, {}, {}, training(mask).weight(w).bias(b).residual(residual).activation(activation));
          },
          false);
    };
    const Observation with = observe(torch::ones({4}, torch::kBool));
    const Observation without = observe({});
    EXPECT_TRUE(torch::allclose(with.output, without.output, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(with.grad_input, without.grad_input, 1e-5, 1e-6));
    EXPECT_TRUE(torch::allclose(with.grad_weight, without.grad_weight, 1e-5, 1e-4));
    EXPECT_TRUE(torch::equal(with.grad_bias, without.grad_bias));
  }
}

TEST(MaskedBatchTest, HalvesAreTheFloatResultsRoundedOnce) {
  torch::manual_seed(45);
  for (const torch::Dtype dtype : {torch::kBFloat16, torch::kHalf}) {
    const Tensor x = torch::randn({6, 4, 9}).to(dtype);
    const Tensor mask = torch::rand({6, 9}) > 0.5;
    for (const Tensor& its_mask : {mask, mask.to(dtype), mask.to(torch::kFloat)}) {
      const Tensor y = functional::batch_norm(x, {}, {}, training(its_mask));
      const Tensor wide = functional::batch_norm(x.to(torch::kFloat), {}, {}, training(mask));
      EXPECT_TRUE(torch::equal(y, wide.to(dtype)));
    }
  }
}

TEST(MaskedBatchTest, BitsDoNotDependOnTheNumberOfThreads) {
  torch::manual_seed(46);
  const Tensor x = torch::randn({16, 32, 40, 40}).requires_grad_();
  const Tensor mask = torch::rand({16, 40, 40});
  const int before = at::get_num_threads();
  std::vector<Tensor> outputs, gradients;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    outputs.push_back(functional::batch_norm(x, {}, {}, training(mask)));
    gradients.push_back(torch::autograd::grad({outputs.back().square().sum()}, {x})[0]);
  }
  at::set_num_threads(before);
  EXPECT_TRUE(torch::equal(outputs[0], outputs[1]));
  EXPECT_TRUE(torch::equal(gradients[0], gradients[1]));
}

TEST(MaskedBatchTest, TheLayerTakesOneAndEvaluationIgnoresIt) {
  torch::manual_seed(47);
  BatchNorm1d norm(3);
  const Tensor x = torch::randn({4, 3, 6});
  const Tensor mask = torch::rand({4, 6}) > 0.5;
  norm->forward(x, {}, mask);
  const Tensor kept = x.permute({1, 0, 2}).masked_select(mask).view({3, -1}).to(torch::kDouble);
  EXPECT_TRUE(torch::allclose(norm->running_mean.to(torch::kDouble), 0.1 * kept.mean(1), 1e-5, 1e-7));
  EXPECT_TRUE(torch::allclose(norm->running_var.to(torch::kDouble), 0.9 + 0.1 * kept.var(1), 1e-5, 1e-7));
  norm->eval();
  EXPECT_TRUE(torch::equal(norm->forward(x, {}, mask), norm->forward(x)));
}

TEST(MaskErrorTest, EveryBadMaskIsOneClearLine) {
  const Tensor x = torch::randn({4, 3, 5});
  const auto message = [&](const Tensor& mask, bool in_training) -> std::string {
    try {
      functional::batch_norm(x, torch::zeros({3}), torch::ones({3}), training(mask).training(in_training));
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "nothing was thrown";
  };
  for (const bool in_training : {true, false}) {
    EXPECT_EQ(
        message(torch::ones({5}), in_training),
        "[batch_norm] expected mask of size (N), (N, *spatial) or (N, 1, *spatial) for input size [4, 3, 5], "
        "got [5]");
    EXPECT_EQ(message(torch::ones({4, 5}, torch::kLong), in_training),
              "[batch_norm] expected mask of dtype Bool, Float or Float like the input, got Long");
    Tensor bad = torch::ones({4, 5});
    bad[1][2] = -0.5;
    EXPECT_EQ(message(bad, in_training),
              "[batch_norm] expected a mask of finite weights of at least 0, got values from -0.5 to 1");
    bad[1][2] = kNan;
    EXPECT_THAT(message(bad, in_training),
                ::testing::StartsWith(
                    "[batch_norm] expected a mask of finite weights of at least 0, got values from "));
  }
  Tensor one = torch::zeros({4, 1, 5}, torch::kBool);
  EXPECT_EQ(
      message(one, true),
      "Expected more than 1 value per channel when training, got a mask of sum 0 for input size [4, 3, 5]");
  one[2][0][2] = true;
  EXPECT_EQ(
      message(one, true),
      "Expected more than 1 value per channel when training, got a mask of sum 1 for input size [4, 3, 5]");
  EXPECT_EQ(message(one, false), "nothing was thrown");
}

}  // namespace
}  // namespace evenkeel::mask_test
