// Batch Renormalization: r and d from the running statistics, constants to the gradient.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "evenkeel/evenkeel.h"
#include "libtorch/finite_differences.h"
#include "libtorch/oracle.h"

namespace evenkeel::renormalization_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

constexpr double kEps = 1e-3;

struct Running {
  Tensor mean, variance;
  static Running draw(std::int64_t channels, torch::Dtype dtype = torch::kDouble) {
    return {torch::randn({channels}, dtype), torch::rand({channels}, dtype) * 2 + 0.2};
  }
  Running copy() const { return {mean.clone(), variance.clone()}; }
};

functional::BatchNormFuncOptions training(const BatchRenormalization& limits) {
  return functional::BatchNormFuncOptions().training(true).eps(kEps).renormalization(limits);
}

// Equation by equation, with r and d cut off from the graph.
Tensor renormalized(const Tensor& x, const Tensor& w, const Tensor& b, const Running& running, double r_max,
                    double d_max) {
  const Sizes dims = all_but_channels(x);
  Sizes channels(static_cast<std::size_t>(x.dim()), 1);
  channels[1] = x.size(1);
  const Tensor mean = x.mean(dims, true);
  const Tensor std = ((x - mean).square().mean(dims, true) + kEps).sqrt();
  const Tensor running_std = (running.variance.reshape(channels) + kEps).sqrt();
  const Tensor r = (std / running_std).clamp(1 / r_max, r_max).detach();
  const Tensor d = ((mean - running.mean.reshape(channels)) / running_std).clamp(-d_max, d_max).detach();
  return w.reshape(channels) * ((x - mean) / std * r + d) + b.reshape(channels);
}

TEST(RenormalizationTest, OutputsGradientsAndDoubleBackwardAgreeWithTheFormula) {
  torch::manual_seed(50);
  for (const Sizes& sizes : {Sizes{16, 9}, Sizes{5, 3, 21}, Sizes{4, 6, 5, 5}}) {
    for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast, Layout::kSliced}) {
      Experiment e = Experiment::draw(sizes, true, torch::kDouble);
      const Experiment exact = e;
      e.input = lay_out(e.input, layout);
      const Running running = Running::draw(sizes[1]);  // some channels meet the limits, some do not
      const Norm ours = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
        const Running moved = running.copy();
        return functional::batch_norm(x, moved.mean, moved.variance,
                                      training({.r_max = 1.5, .d_max = 0.8}).weight(w).bias(b));
      };
      const Norm by_formula = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
        return renormalized(x, w, b, running, 1.5, 0.8);
      };
      const auto expect_close = [](const Tensor& got, const Tensor& expected) {
        // Sums of some hundred terms of size 1 to 100.
        EXPECT_LE((got - expected).abs().max().item<double>(),
                  1e-13 * (100 + expected.abs().max().item<double>()));
      };
      const Observation got = e.observe(ours, true);
      const Observation expected = exact.observe(by_formula, true);
      expect_close(got.output, expected.output);
      expect_close(got.grad_input, expected.grad_input);
      expect_close(e.observe(ours, false).grad_input, expected.grad_input);
      expect_close(got.grad_weight, expected.grad_weight);
      expect_close(got.grad_bias, expected.grad_bias);
      expect_close(got.second_grad_output, expected.second_grad_output);
      expect_close(got.second_input, expected.second_input);
      expect_close(got.second_weight, expected.second_weight);
    }
  }
}

TEST(RenormalizationTest, ClosedLimitsAreBatchNormalization) {
  torch::manual_seed(51);
  const Tensor x = torch::randn({8, 5, 6, 6});
  const Running running = Running::draw(5, torch::kFloat);
  const Running a = running.copy(), b = running.copy();
  const auto closed = training({.r_max = 1, .d_max = 0});
  const auto plain = functional::BatchNormFuncOptions().training(true).eps(kEps);
  EXPECT_TRUE(torch::equal(functional::batch_norm(x, a.mean, a.variance, closed),
                           functional::batch_norm(x, b.mean, b.variance, plain)));
  EXPECT_TRUE(torch::equal(a.mean, b.mean));
  EXPECT_TRUE(torch::equal(a.variance, b.variance));
}

TEST(RenormalizationTest, WideLimitsAreEvaluationWithTheStatisticsBeforeTheBatch) {
  torch::manual_seed(52);
  const Tensor x = torch::randn({8, 5, 6, 6}, torch::kDouble);
  const Tensor weight = torch::randn({5}, torch::kDouble), bias = torch::randn({5}, torch::kDouble);
  for (const auto kind : {RunningVariance::kUnbiased, RunningVariance::kBiased}) {
    const Running running = Running::draw(5);
    const Tensor expected =
        functional::batch_norm(x, running.mean, running.variance,
                               functional::BatchNormFuncOptions().eps(kEps).weight(weight).bias(bias));
    const Running moved = running.copy();
    auto wide = training({.r_max = 1e6, .d_max = 1e6}).weight(weight).bias(bias).running_variance(kind);
    EXPECT_TRUE(
        torch::allclose(functional::batch_norm(x, moved.mean, moved.variance, wide), expected, 1e-12, 1e-12));
    EXPECT_FALSE(torch::equal(moved.mean, running.mean));
    // Evaluation itself does not change.
    EXPECT_TRUE(torch::equal(functional::batch_norm(x, running.mean, running.variance, wide.training(false)),
                             expected));
  }
}

TEST(RenormalizationTest, TheLimitsOpenWithTheNumberOfBatches) {
  torch::manual_seed(53);
  BatchNorm1d norm(BatchNormOptions(4).renormalization(
      BatchRenormalization{.r_max = 3, .d_max = 2, .r_begin = 2, .r_end = 6, .d_begin = 1, .d_end = 3}));
  norm->to(torch::kDouble);
  const double r_limits[] = {1, 1, 1, 1.5, 2, 2.5, 3, 3};
  const double d_limits[] = {0, 0, 1, 2, 2, 2, 2, 2};
  for (int k = 0; k < 8; ++k) {
    const Tensor x = torch::randn({9, 4}, torch::kDouble) * 7 + 5;
    const Running before{norm->running_mean.clone(), norm->running_var.clone()};
    const Tensor ones = torch::ones({4}, torch::kDouble);
    const Sizes dims{0};
    const Tensor mean = x.mean(dims, true);
    const Tensor std = ((x - mean).square().mean(dims, true) + 1e-5).sqrt();
    const Tensor running_std = (before.variance + 1e-5).sqrt();
    const Tensor r = (std / running_std).clamp(1 / r_limits[k], r_limits[k]);
    const Tensor d = ((mean - before.mean) / running_std).clamp(-d_limits[k], d_limits[k]);
    EXPECT_TRUE(torch::allclose(norm(x), (x - mean) / std * r + d, 1e-12, 1e-12)) << k;
  }
}

TEST(RenormalizationTest, HalvesAreTheFloatResultsRoundedOnce) {
  torch::manual_seed(54);
  for (const torch::Dtype dtype : {torch::kBFloat16, torch::kHalf}) {
    const Tensor x = torch::randn({6, 4, 9}).to(dtype);
    const Running a = Running::draw(4, torch::kFloat);
    const Running b = a.copy();
    const Tensor y = functional::batch_norm(x, a.mean, a.variance, training({}));
    const Tensor wide = functional::batch_norm(x.to(torch::kFloat), b.mean, b.variance, training({}));
    EXPECT_TRUE(torch::equal(y, wide.to(dtype)));
  }
}

TEST(RenormalizationTest, WithAMaskItStartsFromTheMaskedStatistics) {
  torch::manual_seed(55);
  const Tensor x = torch::randn({6, 4, 9}, torch::kDouble);
  const Tensor mask = torch::rand({6, 9}) > 0.4;
  const Running running = Running::draw(4);
  const Running moved = running.copy();
  const Tensor expected =
      functional::batch_norm(x, running.mean, running.variance, functional::BatchNormFuncOptions().eps(kEps));
  EXPECT_TRUE(torch::allclose(functional::batch_norm(x, moved.mean, moved.variance,
                                                     training({.r_max = 1e6, .d_max = 1e6}).mask(mask)),
                              expected, 1e-12, 1e-12));
}

TEST(RenormalizationErrorTest, BadLimitsAndMissingStatisticsAreOneClearLine) {
  const auto message = [](const BatchRenormalization& limits, bool with_statistics) -> std::string {
    try {
      const Tensor mean = with_statistics ? torch::zeros({3}) : Tensor();
      const Tensor variance = with_statistics ? torch::ones({3}) : Tensor();
      functional::batch_norm(torch::randn({4, 3}), mean, variance, training(limits));
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "nothing was thrown";
  };
  EXPECT_EQ(message({.r_max = 0.5}, true), "[batch_norm] expected a finite r_max of at least 1, got 0.5");
  EXPECT_EQ(message({.r_max = std::numeric_limits<double>::quiet_NaN()}, true),
            "[batch_norm] expected a finite r_max of at least 1, got nan");
  EXPECT_EQ(message({.d_max = -1}, true), "[batch_norm] expected a finite d_max of at least 0, got -1");
  EXPECT_EQ(message({.r_begin = 5, .r_end = 4}, true),
            "[batch_norm] expected r_begin of at most r_end, got 5 and 4");
  EXPECT_EQ(message({.d_begin = 5, .d_end = 4}, true),
            "[batch_norm] expected d_begin of at most d_end, got 5 and 4");
  EXPECT_EQ(message({}, false), "[batch_norm] expected running statistics for renormalization, got none");
}

}  // namespace
}  // namespace evenkeel::renormalization_test
