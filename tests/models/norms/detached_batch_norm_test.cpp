#include "models/norms/detached_batch_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "models/norms/probe_forward.h"
#include "models/norms/whitening_examples.h"

namespace evenkeel::models::detached_batch_norm_test {
namespace {

using ::testing::HasSubstr;
using testing::largest;
using torch::Tensor;
using torch::nn::BatchNormOptions;

class DetachedBatchNormTest : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(3);
    weight_ = torch::randn({1, 4, 1, 1}, torch::kDouble);
    bias_ = torch::randn({1, 4, 1, 1}, torch::kDouble);
    input_ = torch::randn({6, 4, 3, 2}, torch::kDouble) * 3 + 5;
    gradient_ = torch::randn_like(input_);
    standard_deviation_ = (input_.var(kOthers, /*unbiased=*/false, /*keepdim=*/true) + 1e-5).sqrt();
    normalised_ = (input_ - mean(input_)) / standard_deviation_;
  }

  static Tensor mean(const Tensor& tensor) { return tensor.mean(kOthers, /*keepdim=*/true); }

  DetachedBatchNorm layer(Detached detached = {}, const BatchNormOptions& options = 4) const {
    DetachedBatchNorm made(options, detached);
    made->to(torch::kDouble);
    const torch::NoGradGuard no_graph;
    made->weight.copy_(weight_.flatten());
    made->bias.copy_(bias_.flatten());
    return made;
  }

  Tensor input_gradient(Detached detached) const {
    const Tensor input = input_.clone().requires_grad_();
    layer(detached)->forward(input).backward(gradient_);
    return input.grad();
  }

  static constexpr std::array<std::int64_t, 3> kOthers{0, 2, 3};
  Tensor weight_, bias_, input_, gradient_, standard_deviation_, normalised_;
};

TEST_F(DetachedBatchNormTest, ComputesWhatABatchNormComputesInTrainingAndEvaluation) {
  for (const auto momentum : {torch::optional<double>(0.3), torch::optional<double>()}) {
    const auto options = BatchNormOptions(4).momentum(momentum);
    auto ours = layer({}, options);
    torch::nn::BatchNorm2d torchs(options);
    torchs->to(torch::kDouble);
    {
      const torch::NoGradGuard no_graph;
      torchs->weight.copy_(ours->weight);
      torchs->bias.copy_(ours->bias);
    }
    for (int batch = 0; batch < 3; ++batch) {
      const Tensor input = torch::randn({5, 4, 3, 3}, torch::kDouble) * (batch + 1) + batch;
      EXPECT_LT(largest(ours(input) - torchs(input)), 1e-12);
    }
    EXPECT_LT(largest(ours->running_mean - torchs->running_mean), 1e-13);
    EXPECT_LT(largest(ours->running_var - torchs->running_var), 1e-12);
    EXPECT_EQ(ours->num_batches_tracked.item<std::int64_t>(), 3);
    ours->eval();
    torchs->eval();
    EXPECT_LT(largest(ours(input_) - torchs(input_)), 1e-12);
    EXPECT_EQ(ours->num_batches_tracked.item<std::int64_t>(), 3);
  }
}

TEST_F(DetachedBatchNormTest, ItsGradientIsThatOfAScaleByConstants) {
  const Tensor expected = weight_ / standard_deviation_ * gradient_;
  EXPECT_LT(largest(input_gradient({}) - expected), 1e-13);
}

TEST_F(DetachedBatchNormTest, EachStatisticTakesItsPartOfTheGradientAway) {
  const Tensor scale = weight_ / standard_deviation_;
  const Tensor of_mean = mean(gradient_);
  const Tensor of_variance = normalised_ * mean(gradient_ * normalised_);
  EXPECT_LT(largest(input_gradient({.mean = false, .variance = true}) - scale * (gradient_ - of_mean)),
            1e-12);
  EXPECT_LT(largest(input_gradient({.mean = true, .variance = false}) - scale * (gradient_ - of_variance)),
            1e-12);

  const Tensor input = input_.clone().requires_grad_();
  torch::batch_norm(input, weight_.flatten(), bias_.flatten(), {}, {}, true, 0.1, 1e-5, false)
      .backward(gradient_);
  EXPECT_LT(largest(input_gradient({.mean = false, .variance = false}) - input.grad()), 1e-12);
}

TEST_F(DetachedBatchNormTest, WeightAndBiasHaveTheGradientsOfABatchNorm) {
  auto made = layer();
  made(input_).backward(gradient_);
  EXPECT_LT(largest(made->weight.grad() - (gradient_ * normalised_).sum(kOthers)), 1e-12);
  EXPECT_LT(largest(made->bias.grad() - gradient_.sum(kOthers)), 1e-12);
}

TEST_F(DetachedBatchNormTest, WithoutAffineOrRunningStatisticsItHasNone) {
  DetachedBatchNorm made(BatchNormOptions(4).affine(false).track_running_stats(false));
  EXPECT_TRUE(made->parameters().empty());
  made->eval();
  const Tensor input = input_.to(torch::kFloat);
  EXPECT_NEAR(made(input).square().mean().item<double>(), 1, 1e-4);
}

TEST_F(DetachedBatchNormTest, WrongInputsAreOneClearLine) {
  DetachedBatchNorm made(4);
  const auto error = [&](const Tensor& input) -> std::string {
    try {
      made(input);
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "no error";
  };
  EXPECT_THAT(error(torch::ones({4})),
              HasSubstr("[DetachedBatchNorm] expected an input (N, C) or (N, C, ...), found [4]"));
  EXPECT_THAT(error(torch::ones({3, 5})),
              HasSubstr("[DetachedBatchNorm] expected 4 channels, found 5 in [3, 5]"));
  EXPECT_THAT(
      error(torch::ones({1, 4})),
      HasSubstr("[DetachedBatchNorm] expected at least 2 values per channel in training, found [1, 4]"));
}

TEST_F(DetachedBatchNormTest, AProbeForwardLeavesTheStatisticsAlone) {
  testing::expect_that_probes_leave_statistics_alone(DetachedBatchNorm(4));
}

}  // namespace
}  // namespace evenkeel::models::detached_batch_norm_test
