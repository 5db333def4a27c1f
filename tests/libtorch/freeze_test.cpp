#include <gtest/gtest.h>
#include <torch/torch.h>

#include <sstream>

#include "evenkeel/batch_norm.h"

namespace evenkeel::freeze_test {
namespace {

using torch::Tensor;

BatchNorm2d trained(std::int64_t channels = 3) {
  torch::manual_seed(1);
  BatchNorm2d norm(channels);
  for (int i = 0; i < 3; ++i) norm->forward(torch::randn({4, channels, 5, 5}) * 2 + 1);
  return norm;
}

std::vector<Tensor> copies(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> values;
  for (const Tensor& tensor : tensors) values.push_back(tensor.detach().clone());
  return values;
}

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = torch::equal(a[i].detach(), b[i]);
  return equal;
}

TEST(FreezeTest, FrozenStatisticsStayAndTheBatchIsNormalisedByItself) {
  BatchNorm2d norm = trained();
  const Tensor x = torch::randn({4, 3, 5, 5});
  norm->freeze({.statistics = true});
  const auto before = copies(norm->buffers());
  torch::nn::BatchNorm2d theirs(3);
  for (int i = 0; i < 3; ++i) {
    norm->train();
    EXPECT_TRUE(torch::allclose(norm->forward(x), theirs->forward(x), 1e-5, 1e-6));
  }
  EXPECT_TRUE(same(norm->buffers(), before));
  norm->unfreeze({.statistics = true});
  norm->forward(x);
  EXPECT_FALSE(same(norm->buffers(), before));
}

TEST(FreezeTest, AFrozenModeIgnoresTrainAndTakesTheBackwardOfConstants) {
  BatchNorm2d norm = trained();
  norm->freeze({.mode = true});
  norm->train();
  EXPECT_FALSE(norm->is_training());
  const auto before = copies(norm->buffers());
  Tensor x = torch::randn({4, 3, 5, 5}).set_requires_grad(true);
  norm->forward(x).sum().backward();
  EXPECT_TRUE(same(norm->buffers(), before));
  // d sum / dx = weight / sqrt(running_var + eps), the same for all; with batch statistics it would be zero.
  const Tensor scale = (norm->running_var + 1e-5).rsqrt().reshape({1, 3, 1, 1}).expand_as(x);
  EXPECT_TRUE(torch::allclose(x.grad(), scale, 1e-5, 0));
  EXPECT_TRUE(norm->weight.grad().defined());  // gamma and beta are still learnt
  norm->unfreeze({.mode = true});
  EXPECT_FALSE(norm->is_training());
  norm->train();
  EXPECT_TRUE(norm->is_training());
}

TEST(FreezeTest, NoGradientReachesAFrozenAffinePartWhateverTheOptimiserHolds) {
  BatchNorm2d norm = trained();
  const Tensor x = torch::randn({4, 3, 5, 5});
  // A gradient from before the freeze must not be applied after it.
  norm->forward(x).square().sum().backward();
  torch::optim::SGD sgd(norm->parameters(), torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(0.01));
  norm->freeze({.affine = true});
  const auto before = copies(norm->parameters());
  for (int i = 0; i < 5; ++i) {
    norm->train();
    for (auto& parameter : norm->parameters()) parameter.set_requires_grad(true);
    const Tensor input = x.clone().set_requires_grad(true);
    norm->forward(input).pow(3).sum().backward();
    EXPECT_TRUE(input.grad().abs().sum().item<float>() > 0);
    sgd.step();
  }
  EXPECT_TRUE(same(norm->parameters(), before));
}

TEST(FreezeTest, AWholeNetworkStaysBitForBitThroughAHundredStepsOfTraining) {
  torch::manual_seed(2);
  torch::nn::Sequential net(torch::nn::Conv2d(1, 4, 3), BatchNorm2d(4), torch::nn::ReLU(),
                            torch::nn::Conv2d(4, 4, 3), BatchNorm2d(4), torch::nn::ReLU(),
                            torch::nn::Flatten(), torch::nn::Linear(64, 6), BatchNorm1d(6));
  const auto step = [&](torch::optim::Optimizer& optimiser) {
    net->train();
    optimiser.zero_grad();
    net->forward(torch::randn({6, 1, 8, 8})).pow(2).sum().backward();
    optimiser.step();
  };
  torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(1e-2).weight_decay(1e-2));
  for (int i = 0; i < 5; ++i) step(adam);  // Adam has momentum for gamma and beta from here on

  EXPECT_EQ(freeze(*net, "[14]"), 2U);
  const auto frozen = [&] {
    std::vector<Tensor> tensors;
    for (const auto& [name, layer] : batch_norms(*net, "[14]")) {
      for (const Tensor& tensor : layer.module().parameters()) tensors.push_back(tensor);
      for (const Tensor& tensor : layer.module().buffers()) tensors.push_back(tensor);
    }
    return tensors;
  };
  const auto before = copies(frozen());
  const auto others = copies(net[0]->parameters());
  const auto free = copies(net[8]->buffers());
  for (int i = 0; i < 100; ++i) step(adam);
  EXPECT_TRUE(same(frozen(), before));
  EXPECT_FALSE(same(net[0]->parameters(), others));
  EXPECT_FALSE(same(net[8]->buffers(), free));
  EXPECT_EQ(unfreeze(*net), 3U);
  step(adam);
  EXPECT_FALSE(same(frozen(), before));
}

TEST(FreezeTest, ItIsPrintedCopiedAndSaved) {
  BatchNorm2d norm = trained();
  norm->freeze({.statistics = true});
  norm->freeze({.mode = true});
  std::ostringstream printed;
  printed << norm;
  EXPECT_EQ(printed.str(),
            "evenkeel::BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true, "
            "frozen=statistics+mode)");
  const auto copy = std::dynamic_pointer_cast<BatchNorm2dImpl>(norm->clone());
  EXPECT_EQ(copy->frozen(), norm->frozen());

  std::stringstream file;
  torch::save(norm, file);
  BatchNorm2d read(3);
  torch::load(read, file);
  EXPECT_EQ(read->frozen(), (Frozen{.statistics = true, .mode = true}));
  EXPECT_FALSE(read->is_training());
  torch::nn::BatchNorm2d theirs(3);
  torch::load(theirs, file);
  EXPECT_TRUE(torch::equal(theirs->running_var, norm->running_var));

  // What says nothing about it leaves it as it is; what says that nothing is frozen does not.
  std::stringstream of_theirs;
  torch::save(theirs, of_theirs);
  torch::load(read, of_theirs);
  EXPECT_TRUE(read->frozen().mode);
  std::stringstream of_free;
  torch::save(trained(), of_free);
  torch::load(read, of_free);
  EXPECT_FALSE(read->frozen().any());
}

TEST(FreezeTest, PatternsChooseLayersAndMustMatchOne) {
  struct Block : torch::nn::Module {
    explicit Block(BatchNorm1d shared = BatchNorm1d(2)) {
      register_module("first", shared);
      register_module("again", shared);
      register_module("other", BatchNorm1d(2));
    }
  };
  auto net = std::make_shared<torch::nn::Module>();
  net->register_module("block", std::make_shared<Block>());
  net->register_module("last", BatchNorm1d(2));
  std::vector<std::string> names;
  for (const auto& [name, layer] : batch_norms(*net)) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"block.first", "block.other", "last"}));
  EXPECT_EQ(batch_norms(*net, "block.*").size(), 2U);
  EXPECT_THROW(freeze(*net, "features.*"), c10::Error);
  EXPECT_EQ(freeze(*net), 3U);
}

TEST(FreezeTest, TheModeOfALayerWithoutRunningStatisticsIsRefused) {
  BatchNorm1d norm(BatchNormOptions(2).track_running_stats(false));
  EXPECT_THROW(norm->freeze(), c10::Error);
  EXPECT_FALSE(norm->frozen().any());
  norm->freeze({.affine = true});
}

TEST(ObserverTest, SeesEveryInputWithoutAGraphAndIsNotCloned) {
  BatchNorm1d norm(2);
  std::vector<Tensor> seen;
  norm->observe([&](const Tensor& input) {
    EXPECT_FALSE(torch::GradMode::is_enabled());
    seen.push_back(input);
  });
  const Tensor x = torch::randn({4, 2});
  norm->forward(x);
  norm->eval();
  norm->forward(x);
  norm->clone();
  std::dynamic_pointer_cast<BatchNorm1dImpl>(norm->clone())->forward(x);
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].is_same(x));
  norm->observe(nullptr);
  norm->forward(x);
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace evenkeel::freeze_test
