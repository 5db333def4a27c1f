#include "models/norms/whitening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "libtorch/finite_differences.h"
#include "models/norms/probe_forward.h"
#include "models/norms/whitening_examples.h"

namespace evenkeel::models::whitening_test {
namespace {

using testing::covariance_of;
using ::testing::HasSubstr;
using testing::Inputs;
using testing::largest;
using torch::Tensor;

// [C, m]
Tensor by_channel(const Tensor& tensor) { return tensor.transpose(0, 1).reshape({tensor.size(1), -1}); }

// Channels that hang together, with means.
Tensor mixed(torch::IntArrayRef sizes) {
  const auto channels = sizes[1];
  const Tensor mixing =
      torch::eye(channels, torch::kDouble) + 0.5 * torch::randn({channels, channels}, torch::kDouble);
  return torch::tensordot(torch::randn(sizes, torch::kDouble), mixing, {1}, {0}).movedim(-1, 1) + 3;
}

BatchWhitening layer_of(const BatchWhiteningOptions& options) {
  BatchWhitening layer(options);
  layer->to(torch::kDouble);
  return layer;
}

class BatchWhiteningTest : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(11); }
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

TEST_F(BatchWhiteningTest, ATrainingBatchComesOutWithMeanZeroAndCovarianceIdentityInEveryShape) {
  const std::vector<std::vector<std::int64_t>> shapes{{64, 6}, {16, 6, 9}, {8, 6, 3, 5}, {4, 6, 3, 2, 5}};
  for (const auto& shape : shapes) {
    for (const auto method : testing::kWhiteningMethods) {
      const Tensor input = mixed(shape);
      auto layer = layer_of(BatchWhiteningOptions(6).method(method).iterations(40).eps(0));
      const Tensor output = layer(input);
      EXPECT_EQ(output.sizes(), input.sizes());
      // Rounding, amplified by the condition of a covariance of mixed channels, below 1e4.
      EXPECT_LT(largest(by_channel(output).mean(1)), 1e-10);
      EXPECT_LT(largest(covariance_of(by_channel(output)) - torch::eye(6, torch::kDouble)), 1e-10)
          << input.dim() << " dimensions, method " << static_cast<int>(method);
    }
  }
}

TEST_F(BatchWhiteningTest, GroupsAreWhitenedEachForItself) {
  const Tensor input = mixed({50, 6, 2, 2});
  const Tensor output = layer_of(BatchWhiteningOptions(6).group_size(3))(input);
  const auto part = [](const Tensor& tensor, std::int64_t first) {
    return tensor.slice(1, first, first + 3);
  };
  for (const std::int64_t first : {0, 3}) {
    const Tensor alone = layer_of(3)(part(input, first));
    EXPECT_LT(largest(part(output, first) - alone), 1e-12);
  }
  EXPECT_GT(largest(covariance_of(by_channel(output)) - torch::eye(6, torch::kDouble)), 0.05);
}

TEST_F(BatchWhiteningTest, WithGroupsOfOneChannelItIsBatchNorm) {
  const Tensor input = mixed({20, 4, 3, 3});
  const Tensor expected =
      torch::batch_norm(input, {}, {}, {}, {}, /*training=*/true, 0.1, /*eps=*/1e-3, false);
  for (const auto method : {WhiteningMethod::kZca, WhiteningMethod::kCholesky}) {
    auto layer = layer_of(BatchWhiteningOptions(4).group_size(1).eps(1e-3).method(method));
    EXPECT_LT(largest(layer(input) - expected), 1e-13);
  }
}

TEST_F(BatchWhiteningTest, WeightAndBiasScaleAndShiftTheWhiteChannels) {
  const Tensor input = mixed({30, 3});
  auto plain = layer_of(BatchWhiteningOptions(3).affine(false));
  auto layer = layer_of(3);
  EXPECT_TRUE(plain->parameters().empty());
  const Tensor white = plain(input);
  EXPECT_LT(largest(layer(input) - white), 1e-15);
  const torch::NoGradGuard no_graph;
  layer->weight.copy_(torch::tensor({1.0, -2.0, 0.5}));
  layer->bias.copy_(torch::tensor({0.0, 3.0, -1.0}));
  EXPECT_LT(largest(layer(input) - (white * layer->weight + layer->bias)), 1e-13);
}

TEST_F(BatchWhiteningTest, TheRunningStatisticsAreMovingAveragesOfMeanAndUnbiasedCovariance) {
  const Tensor first = mixed({12, 4, 2, 2});
  const Tensor second = mixed({9, 4, 2, 2}) * 2;
  auto layer = layer_of(BatchWhiteningOptions(4).momentum(0.25));
  layer(first);
  layer(second);
  const Tensor mean = 0.75 * 0.25 * by_channel(first).mean(1) + 0.25 * by_channel(second).mean(1);
  const Tensor covariance =
      0.75 * (0.75 * torch::eye(4, torch::kDouble) + 0.25 * torch::cov(by_channel(first))) +
      0.25 * torch::cov(by_channel(second));
  EXPECT_LT(largest(layer->running_mean - mean), 1e-13);
  EXPECT_LT(largest(layer->running_covariance - covariance), 1e-12);

  auto grouped = layer_of(BatchWhiteningOptions(4).group_size(2).momentum(1));
  grouped(first);
  const Tensor whole = torch::cov(by_channel(first));
  using torch::indexing::Slice;
  EXPECT_LT(largest(grouped->running_covariance - torch::cat({whole.index({Slice(0, 2), Slice(0, 2)}),
                                                              whole.index({Slice(2, 4), Slice(2, 4)})})),
            1e-12);
}

TEST_F(BatchWhiteningTest, EvaluationUsesTheRunningStatisticsAndLeavesThem) {
  for (const auto method : testing::kWhiteningMethods) {
    auto layer = layer_of(BatchWhiteningOptions(4).momentum(1).method(method).iterations(30));
    const Tensor input = mixed({40, 4});
    layer(input);
    layer->eval();
    const Tensor mean = layer->running_mean.clone();
    const Tensor covariance = layer->running_covariance.clone();
    // On the data themselves: white, but for the biased and the unbiased covariance.
    const Tensor again = layer(input);
    EXPECT_LT(largest(torch::cov(again.t()) - torch::eye(4, torch::kDouble)), 1e-3);
    // One picture alone is transformed by the same affine map, whatever stands beside it.
    EXPECT_LT(largest(layer(input.slice(0, 7, 8)) - again.slice(0, 7, 8)), 1e-12);
    layer(input * 5 + 1);
    EXPECT_TRUE(layer->running_mean.equal(mean));
    EXPECT_TRUE(layer->running_covariance.equal(covariance));
  }
  auto fresh = layer_of(BatchWhiteningOptions(3).eps(0));
  fresh->eval();
  const Tensor input = mixed({5, 3});
  EXPECT_LT(largest(fresh(input) - input), 1e-14);
}

TEST_F(BatchWhiteningTest, GradientsOfInputWeightAndBiasMatchDifferences) {
  const std::vector<std::vector<std::int64_t>> shapes{{7, 4}, {3, 4, 2, 2}};
  for (const auto& shape : shapes) {
    for (const auto method : testing::kWhiteningMethods) {
      for (const bool training : {true, false}) {
        SCOPED_TRACE(::testing::Message()
                     << shape.size() << " dimensions, method " << static_cast<int>(method)
                     << (training ? ", training" : ", evaluation"));
        auto layer = layer_of(BatchWhiteningOptions(4).group_size(2).method(method).iterations(8));
        layer->train(training);
        const Tensor seed = torch::randn(shape, torch::kDouble);
        const auto function = [&](const Inputs& at) {
          layer->weight = at[1];
          layer->bias = at[2];
          return (layer(at[0]) * seed).sum();
        };
        testing::expect_gradients_match_differences(
            function, {mixed(shape), torch::randn(4, torch::kDouble), torch::randn(4, torch::kDouble)});
      }
    }
  }
}

TEST_F(BatchWhiteningTest, LayoutsOfTheInputDoNotMatter) {
  const Tensor input = mixed({6, 4, 3, 5});
  const Tensor expected = layer_of(4)(input);
  EXPECT_LT(largest(layer_of(4)(input.contiguous(torch::MemoryFormat::ChannelsLast)) - expected), 1e-12);
  const Tensor strided = torch::stack({input, input}, -1).select(-1, 1);
  EXPECT_LT(largest(layer_of(4)(strided) - expected), 1e-12);
}

TEST_F(BatchWhiteningTest, ANanInABatchGivesNanAndNoError) {
  Tensor input = mixed({8, 4});
  input[2][1] = std::numeric_limits<double>::quiet_NaN();
  for (const auto method : testing::kWhiteningMethods) {
    auto layer = layer_of(BatchWhiteningOptions(4).method(method));
    EXPECT_TRUE(layer(input).isnan().all().item<bool>());
  }
}

TEST_F(BatchWhiteningTest, ACloneHasItsOwnStatistics) {
  auto layer = layer_of(4);
  layer(mixed({10, 4}));
  auto copy = std::dynamic_pointer_cast<BatchWhiteningImpl>(layer->clone());
  const Tensor before = layer->running_covariance.clone();
  EXPECT_TRUE(copy->running_covariance.equal(before));
  copy->forward(mixed({10, 4}));
  EXPECT_TRUE(layer->running_covariance.equal(before));
}

TEST_F(BatchWhiteningTest, WrongInputsAreOneClearLine) {
  BatchWhitening layer(4);
  const auto error = [&](const Tensor& input) { return error_of([&] { layer(input); }); };
  EXPECT_THAT(error(torch::ones({4})),
              HasSubstr("[BatchWhitening] expected an input (N, C) or (N, C, ...), found [4]"));
  EXPECT_THAT(error(torch::ones({3, 5})),
              HasSubstr("[BatchWhitening] expected 4 channels, found 5 in [3, 5]"));
  EXPECT_THAT(error(torch::ones({1, 4})),
              HasSubstr("[BatchWhitening] expected at least 2 values per channel in training, found [1, 4]"));
  EXPECT_THAT(error(torch::ones({3, 4}, torch::kDouble)),
              HasSubstr("[BatchWhitening] expected an input of Float, the layer's dtype, found Double"));
  layer->eval();
  EXPECT_EQ(layer(torch::ones({1, 4})).size(0), 1);
  const auto making = [](const BatchWhiteningOptions& options) {
    return error_of([&] { BatchWhitening made(options); });
  };
  EXPECT_THAT(making(BatchWhiteningOptions(6).group_size(4)),
              HasSubstr("[BatchWhitening] expected a group size that divides 6 channels, found 4"));
  EXPECT_THAT(making(BatchWhiteningOptions(0)), HasSubstr("expected at least 1 channel, found 0"));
  EXPECT_THAT(making(BatchWhiteningOptions(2).eps(-1)), HasSubstr("expected an eps of at least 0, found -1"));
}

TEST_F(BatchWhiteningTest, AProbeForwardLeavesTheStatisticsAlone) {
  testing::expect_that_probes_leave_statistics_alone(BatchWhitening(4));
}

}  // namespace
}  // namespace evenkeel::models::whitening_test
