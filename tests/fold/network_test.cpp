#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fold/cases.h"

namespace evenkeel::network_test {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using torch::nn::Sequential;

// A norm with statistics of its own, in evaluation mode.
template <typename Norm>
Norm drawn(Norm norm) {
  const torch::NoGradGuard no_graph;
  norm->weight.normal_();
  norm->bias.normal_();
  norm->running_mean.normal_();
  norm->running_var.exponential_().add_(0.1);
  norm->eval();
  return norm;
}

std::vector<std::string> names_of(const torch::nn::Module& network) {
  return network.named_parameters().keys();
}

TEST(FoldNetworkTest, EveryNormBesideALayerIsFoldedAndTheNamesStay) {
  Sequential network;
  network->push_back("stem", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 8, 3).bias(false)));
  network->push_back("stem_norm", drawn(BatchNorm2d(BatchNormOptions(8).activation(Activation::kReLU))));
  network->push_back("before", drawn(torch::nn::BatchNorm2d(8)));
  network->push_back("body", torch::nn::Conv2d(torch::nn::Conv2dOptions(8, 4, 3).stride(2)));
  network->push_back("pool", torch::nn::MaxPool2d(2));
  network->push_back("flat", torch::nn::Flatten());
  network->push_back("head", torch::nn::Linear(16, 6));
  network->push_back("head_norm", drawn(BatchNorm1d(6)));
  const Tensor x = torch::randn({300, 3, 14, 14});  // more than one part
  auto result = fold(network, FoldOptions().data(x));

  ASSERT_EQ(result.steps.size(), 3U);
  const auto described = [](const FoldStep& step) {
    return step.norm + (step.place == NormPlace::kAfter ? " after " : " before ") + step.layer + step.refusal;
  };
  EXPECT_EQ(described(result.steps[0]), "stem_norm after stem");
  EXPECT_EQ(described(result.steps[1]), "before before body");
  EXPECT_EQ(described(result.steps[2]), "head_norm after head");
  EXPECT_THAT(names_of(*result.network), ElementsAre("stem.weight", "stem.bias", "body.weight", "body.bias",
                                                     "head.weight", "head.bias"));
  EXPECT_EQ(result.network->named_children().keys(), network->named_children().keys());

  auto reference = std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network->clone());
  reference->to(torch::kDouble);
  const Tensor expected = reference->forward(x.to(torch::kDouble));
  const Tensor found = result.network->forward(x);
  EXPECT_LE((found - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());

  // Each certificate is that of the pair alone, for what reaches it in the network that was given.
  Tensor values = x;
  std::size_t place = 0;
  for (auto& module : *network) {
    const auto name = network->named_children().keys()[place++];
    if (name == "body" || name == "head_norm" || name == "stem_norm") {
      values = module.forward(values);
      continue;
    }
    for (const auto& step : result.steps) {
      if (name != (step.place == NormPlace::kAfter ? step.layer : step.norm)) continue;
      EXPECT_EQ(step.certificate.largest_input, values.abs().max().item<double>());
      EXPECT_GT(step.certificate.largest_measured(), 0);
      EXPECT_LE(step.certificate.largest_measured(), step.certificate.largest_bound());
      EXPECT_TRUE((step.certificate.measured <= step.certificate.bound).all().item<bool>());
    }
    values = module.forward(values);
  }
}

TEST(FoldNetworkTest, WhatIsNotFoldedStaysAndSaysWhy) {
  Sequential network(drawn(BatchNorm2d(3)), torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3).padding(1)),
                     torch::nn::ReLU(), drawn(BatchNorm2d(4)), torch::nn::ReLU(), drawn(BatchNorm2d(4)),
                     torch::nn::Conv2d(4, 4, 1), drawn(BatchNorm2d(4)), torch::nn::Conv2d(4, 2, 1),
                     BatchNorm2d(2));
  auto result = fold(network);
  ASSERT_EQ(result.steps.size(), 5U);
  EXPECT_THAT(result.steps[0].refusal, HasSubstr("got a shift and zero padding"));
  EXPECT_EQ(result.steps[1].refusal, "expected a convolution or linear layer beside it, got none");
  EXPECT_EQ(result.steps[2].refusal, "expected a layer for itself, got 6, which takes the norm behind it");
  EXPECT_TRUE(result.steps[3].folded());
  EXPECT_THAT(result.steps[4].refusal, HasSubstr("in evaluation mode, got one in training mode"));
  EXPECT_TRUE(result.network->ptr(9)->is_training());
  EXPECT_FALSE(result.network->ptr(0)->is_training());

  network->eval();
  result.network->eval();
  const Tensor x = torch::randn({2, 3, 5, 5});
  EXPECT_TRUE(result.network->forward(x).allclose(network->forward(x), 1e-4, 1e-5));
  const torch::NoGradGuard no_graph;
  for (auto& item : result.network->named_parameters())
    item.value().zero_();  // shares nothing with the old one
  EXPECT_GT(network->forward(x).abs().max().item<double>(), 0);
}

TEST(FoldNetworkTest, ASharedLayerIsRefused) {
  torch::nn::Linear shared(3, 3);
  Sequential network(shared, drawn(BatchNorm1d(3)), shared);
  auto result = fold(network);
  EXPECT_EQ(result.steps.at(0).refusal,
            "expected a Linear whose weights no other module shares, got 0.weight, 2.weight; expected a "
            "Linear whose "
            "weights no other module shares, got 0.weight, 2.weight");
}

TEST(FoldNetworkTest, DataAreNotWrittenOver) {
  Sequential network(torch::nn::ReLU(torch::nn::ReLUOptions(true)), torch::nn::Linear(3, 3),
                     drawn(BatchNorm1d(3)));
  const Tensor x = torch::full({2, 3}, -1.F);
  EXPECT_EQ(fold(network, FoldOptions().data(x)).steps.at(0).certificate.largest_input, 0);
  EXPECT_EQ(x.max().item<float>(), -1);
}

}  // namespace
}  // namespace evenkeel::network_test
