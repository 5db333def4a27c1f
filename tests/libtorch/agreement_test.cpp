// Every rank, layout, dtype, mode and option against two references in float64: the formula, and LibTorch's
// own.
#include <gtest/gtest.h>

#include <limits>
#include <tuple>

#include "evenkeel/evenkeel.h"
#include "libtorch/magnitudes.h"

namespace evenkeel::agreement_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

constexpr double kEps = kMagnitudesEps;

// Lengths around the vectors and blocks of the kernels, one channel, one picture, one pixel.
const std::vector<Sizes> kShapes{
    {2, 3},          {7, 1},           {33, 17},       {64, 5},      {63, 8},       {65, 9},
    {3, 4, 15},      {3, 4, 16},       {3, 4, 17},     {2, 3, 1},    {1, 2, 33},    {2, 5, 257},
    {4, 3, 4, 4},    {4, 8, 5, 7},     {1, 16, 3, 11}, {8, 1, 3, 3}, {2, 31, 8, 8}, {3, 65, 2, 1},
    {2, 3, 2, 3, 5}, {2, 17, 2, 2, 2}, {1, 4, 3, 7, 3}};

class AgreementTest : public ::testing::TestWithParam<std::tuple<Layout, torch::Dtype, bool, bool>> {};

TEST_P(AgreementTest, OutputsGradientsAndDoubleBackwardAgreeWithTheFormulaAndLibTorch) {
  const auto [layout, dtype, training, affine] = GetParam();
  const double eps =
      dtype == torch::kFloat ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  torch::manual_seed(20);
  for (const Sizes& sizes : kShapes) {
    SCOPED_TRACE(::testing::PrintToString(sizes));
    Experiment e = Experiment::draw(sizes, affine, dtype);
    const Tensor running_mean = torch::randn({sizes[1]}, torch::dtype(dtype));
    const Tensor running_var = torch::rand({sizes[1]}, torch::dtype(dtype)) + 0.5;
    const Experiment exact = e.in_double();
    const Tensor exact_mean = running_mean.to(torch::kDouble);
    const Tensor exact_var = running_var.to(torch::kDouble);
    e.input = lay_out(e.input, layout);

    const Norm ours = [&, training = training](const Tensor& x, const Tensor& w, const Tensor& b) {
      const auto options = functional::BatchNormFuncOptions().weight(w).bias(b).training(training).eps(kEps);
      return training ? functional::batch_norm(x, {}, {}, options)
                      : functional::batch_norm(x, running_mean, running_var, options);
    };
    const Norm by_formula = [&, training = training](const Tensor& x, const Tensor& w, const Tensor& b) {
      return training ? formula_training(x, w, b, kEps) : formula(x, w, b, exact_mean, exact_var, kEps);
    };
    const Norm by_libtorch = [&, training = training](const Tensor& x, const Tensor& w, const Tensor& b) {
      return torch::batch_norm(x, w, b, training ? Tensor() : exact_mean, training ? Tensor() : exact_var,
                               training, 0.1, kEps, false);
    };
    const Sizes dims = all_but_channels(exact.input);
    const Magnitudes magnitudes(exact, training ? exact.input.mean(dims) : exact_mean,
                                training ? exact.input.var(dims, false) : exact_var);
    const Observation expected = exact.observe(by_formula, true);
    const Observation theirs = exact.observe(by_libtorch, true);
    for (const bool second : {false, true}) {
      SCOPED_TRACE(second ? "with a graph of the gradients" : "first order alone");
      const Observation seen = e.observe(ours, second);
      EXPECT_EQ(seen.output.scalar_type(), dtype);
      EXPECT_TRUE(!is_dense(layout) || seen.output.strides() == e.input.strides());
      expect_near(seen, expected, magnitudes, eps);
      expect_near(seen, theirs, magnitudes, eps);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, AgreementTest,
                         ::testing::Combine(::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                                              Layout::kChannelsOutermost, Layout::kReversed,
                                                              Layout::kMisaligned, Layout::kSliced,
                                                              Layout::kNegated),
                                            ::testing::Values(torch::kFloat, torch::kDouble),
                                            ::testing::Bool(), ::testing::Bool()),
                         [](const auto& info) {
                           return std::string(name_of(std::get<0>(info.param))) +
                                  toString(std::get<1>(info.param)) +
                                  (std::get<2>(info.param) ? "Training" : "Evaluation") +
                                  (std::get<3>(info.param) ? "Affine" : "Plain");
                         });

// The layer against torch::nn's through batches and modes, for each way of keeping statistics.
class OptionsTest
    : public ::testing::TestWithParam<std::tuple<torch::Dtype, bool, bool, std::optional<double>>> {};

TEST_P(OptionsTest, LayerFollowsLibTorchsThroughTrainingAndEvaluation) {
  const auto [dtype, affine, tracking, momentum] = GetParam();
  auto torch_options = torch::nn::BatchNormOptions(5).eps(1e-3).affine(affine).track_running_stats(tracking);
  torch_options.momentum() = torch::nullopt;
  if (momentum) torch_options.momentum(*momentum);
  BatchNorm2d ours{BatchNormOptions(torch_options)};
  torch::nn::BatchNorm2d theirs(torch_options);
  ours->to(dtype);
  theirs->to(torch::kDouble);
  const double eps =
      dtype == torch::kFloat ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();

  torch::manual_seed(21);
  for (int step = 1; step <= 4; ++step) {
    SCOPED_TRACE(step);
    const bool training = step < 4;
    ours->train(training);
    theirs->train(training);
    const Tensor x = torch::randn({6, 5, 3, 4}, torch::dtype(dtype)) * 3 + step;
    const Tensor y = ours(x);
    // Values below 20, in some ten roundings.
    EXPECT_LE(largest(y.to(torch::kDouble) - theirs(x.to(torch::kDouble))), 10 * eps * 20);
    ASSERT_EQ(ours->running_mean.defined(), tracking);
    if (!tracking) continue;
    EXPECT_LE(largest(ours->running_mean.to(torch::kDouble) - theirs->running_mean), 10 * eps * 20);
    EXPECT_LE(largest(ours->running_var.to(torch::kDouble) - theirs->running_var), 10 * eps * 20);
    EXPECT_EQ(ours->num_batches_tracked.item<std::int64_t>(), theirs->num_batches_tracked.item<double>());
    EXPECT_EQ(ours->num_batches_tracked.item<std::int64_t>(), training ? step : 3);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, OptionsTest,
    ::testing::Combine(::testing::Values(torch::kFloat, torch::kDouble), ::testing::Bool(), ::testing::Bool(),
                       ::testing::Values(std::optional<double>(0.1), std::optional<double>(1.0),
                                         std::optional<double>(0.0), std::nullopt)),
    [](const auto& info) {
      const auto momentum = std::get<3>(info.param);
      return std::string(toString(std::get<0>(info.param))) + (std::get<1>(info.param) ? "Affine" : "Plain") +
             (std::get<2>(info.param) ? "Tracking" : "Untracked") +
             (momentum ? "Momentum" + std::to_string(static_cast<int>(*momentum * 10)) + "Tenths"
                       : "Cumulative");
    });

TEST(RunningStatisticsTest, MomentumWeighsTheNewValueAndTheVarianceIsUnbiased) {
  BatchNorm1d norm(BatchNormOptions(1).momentum(0.25));
  norm(torch::tensor({{1.0F}, {2.0F}, {6.0F}}));  // mean 3, unbiased variance (4 + 1 + 9) / 2 = 7
  EXPECT_FLOAT_EQ(norm->running_mean.item<float>(), 0.25F * 3);
  EXPECT_FLOAT_EQ(norm->running_var.item<float>(), 0.75F * 1 + 0.25F * 7);
}

}  // namespace
}  // namespace evenkeel::agreement_test
