#include "evenkeel/running_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "evenkeel/batch_norm.h"

namespace evenkeel::running_statistics_test {
namespace {

using torch::Tensor;

// Evenkeel's batch norm and LibTorch's.
torch::nn::Sequential network() {
  torch::manual_seed(1);
  return torch::nn::Sequential(torch::nn::Linear(4, 6), BatchNorm1d(6), torch::nn::ReLU(),
                               torch::nn::Linear(6, 5), torch::nn::BatchNorm1d(5));
}

std::vector<Tensor> copies(torch::nn::Sequential& net) {
  std::vector<Tensor> values;
  for (const Tensor& buffer : net->buffers()) values.push_back(buffer.clone());
  return values;
}

bool are(torch::nn::Sequential& net, const std::vector<Tensor>& values) {
  const auto buffers = net->buffers();
  bool same = buffers.size() == values.size();
  for (std::size_t i = 0; same && i < values.size(); ++i) same = torch::equal(buffers[i], values[i]);
  return same;
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "nothing was thrown";
}

TEST(NoStatisticsUpdateTest, TheGuardKeepsThemAndTheCounterWhileTheBatchIsNormalised) {
  BatchNorm1d norm(3);
  const Tensor x = torch::randn({8, 3}) + 4;
  const Tensor expected = norm->forward(x);
  const Tensor mean = norm->running_mean.clone();
  {
    const NoStatisticsUpdateGuard outer;
    { const NoStatisticsUpdateGuard inner; }
    EXPECT_TRUE(torch::equal(norm->forward(x), expected));
  }
  EXPECT_TRUE(torch::equal(norm->running_mean, mean));
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 1);
  norm->forward(x);
  EXPECT_FALSE(torch::equal(norm->running_mean, mean));
}

TEST(StatisticsTransactionTest, WhatIsNotCommittedIsPutBackBitForBit) {
  auto net = network();
  net->forward(torch::randn({8, 4}));
  const auto before = copies(net);
  {
    const StatisticsTransaction step(*net);
    net->forward(torch::full({8, 4}, std::numeric_limits<float>::quiet_NaN()));
    net->forward(torch::randn({8, 4}));
    EXPECT_FALSE(are(net, before));
  }
  EXPECT_TRUE(are(net, before));
  EXPECT_THROW(
      {
        const StatisticsTransaction step(*net);
        net->forward(torch::randn({8, 4}));
        throw std::runtime_error("overflow");
      },
      std::runtime_error);
  EXPECT_TRUE(are(net, before));
}

TEST(StatisticsTransactionTest, WhatIsCommittedStaysAndTheNextPartBegins) {
  auto net = network();
  auto reference = network();
  const Tensor x = torch::randn({8, 4});
  {
    StatisticsTransaction step(*net);
    net->forward(x);
    step.commit();
    net->forward(x);
    step.rollback();
    net->forward(x);
    step.commit();
    net->forward(x);
  }
  reference->forward(x);
  reference->forward(x);
  EXPECT_TRUE(are(net, copies(reference)));
}

TEST(RunningStatisticsTest, AreAValueThatGoesIntoEveryNetworkOfTheKindAndThroughFiles) {
  auto net = network();
  net->forward(torch::randn({8, 4}));
  const auto before = copies(net);
  const RunningStatistics value = RunningStatistics::of(*net);
  EXPECT_EQ(value.tensors().keys(),
            (std::vector<std::string>{"1.running_mean", "1.running_var", "1.num_batches_tracked",
                                      "4.running_mean", "4.running_var", "4.num_batches_tracked"}));
  net->forward(torch::randn({8, 4}));
  std::stringstream file;
  torch::serialize::OutputArchive out;
  value.save(out);
  out.save_to(file);
  torch::serialize::InputArchive in;
  in.load_from(file);
  RunningStatistics read;
  read.load(in);
  auto other = network();
  read.copy_to(*other);
  EXPECT_TRUE(are(other, before));
  EXPECT_FALSE(are(net, before));
}

TEST(RunningStatisticsTest, OfAnotherNetworkAreRefusedAndNothingIsWritten) {
  auto net = network();
  const auto before = copies(net);
  torch::nn::Sequential wider(torch::nn::Linear(4, 6), BatchNorm1d(7), torch::nn::ReLU(),
                              torch::nn::Linear(6, 5), torch::nn::BatchNorm1d(5));
  torch::nn::Sequential fewer(torch::nn::Linear(4, 6), BatchNorm1d(6));
  EXPECT_EQ(message_of([&] { RunningStatistics::of(*wider).copy_to(*net); }),
            "[running_statistics] expected 1.running_mean of size [6], got [7]");
  EXPECT_EQ(message_of([&] { RunningStatistics::of(*fewer).copy_to(*net); }),
            "[running_statistics] expected statistics 4.running_mean, got none");
  EXPECT_EQ(message_of([&] { RunningStatistics::of(*net).copy_to(*fewer); }),
            "[running_statistics] expected a network with 4.running_mean, got one without");
  EXPECT_TRUE(are(net, before));
}

TEST(NamedStatisticsTest, TrainingMovesTheOnesInUseAndNoOthers) {
  auto net = network();
  NamedStatistics domains(*net, "day");
  net->forward(torch::randn({8, 4}));
  const auto day = copies(net);
  domains.use("night");
  EXPECT_TRUE(are(net, day));  // starts as a copy
  net->forward(torch::randn({8, 4}) * 5 + 3);
  const auto night = copies(net);
  domains.use("day");
  EXPECT_TRUE(are(net, day));
  domains.use("night");
  EXPECT_TRUE(are(net, night));
  EXPECT_EQ(domains.current(), "night");
  EXPECT_EQ(domains.names(), (std::vector<std::string>{"day", "night"}));
}

TEST(NamedStatisticsTest, FilesKeepAllOfThemAndWhichIsInUse) {
  auto net = network();
  NamedStatistics domains(*net, "day");
  domains.use("a night: dark");
  net->forward(torch::randn({8, 4}) * 5 + 3);
  const auto night = copies(net);
  torch::serialize::OutputArchive out;
  domains.save(out);
  std::stringstream file;
  out.save_to(file);

  auto other = network();
  NamedStatistics read(*other, "something");
  torch::serialize::InputArchive in;
  in.load_from(file);
  read.load(in);
  EXPECT_EQ(read.current(), "a night: dark");
  EXPECT_TRUE(are(other, night));
  read.use("day");
  EXPECT_EQ(other->buffers()[2].item<int>(), 0);
  EXPECT_EQ(read.names(), (std::vector<std::string>{"a night: dark", "day"}));

  torch::nn::Sequential fewer(torch::nn::Linear(4, 6), BatchNorm1d(6));
  NamedStatistics refused(*fewer, "x");
  EXPECT_THROW(refused.load(in), c10::Error);
  EXPECT_EQ(refused.names(), std::vector<std::string>{"x"});
}

TEST(NamedStatisticsTest, RemovingWhatIsInUseOrUnknownIsRefused) {
  auto net = network();
  NamedStatistics domains(*net, "day");
  domains.use("night");
  EXPECT_EQ(message_of([&] { domains.remove("night"); }),
            "[named_statistics] expected a name that is not in use, got \"night\"");
  EXPECT_EQ(message_of([&] { domains.remove("noon"); }),
            "[named_statistics] expected a known name, got \"noon\"");
  domains.remove("day");
  EXPECT_EQ(domains.names(), std::vector<std::string>{"night"});
}

TEST(NonFiniteTest, SkipKeepsTheStatisticsAndCountsThrowNamesTheLayerPropagateIsPyTorchs) {
  Tensor bad = torch::randn({8, 6});
  bad[2][3] = std::numeric_limits<float>::infinity();
  torch::nn::Sequential net(BatchNorm1d(BatchNormOptions(6).non_finite(NonFinite::kSkip)));
  auto& skipping = batch_norms(*net)[0].layer;
  net->forward(torch::randn({8, 6}));
  const auto before = copies(net);
  EXPECT_FALSE(torch::isfinite(net->forward(bad)).all().item<bool>());  // the output is the formula's
  EXPECT_TRUE(are(net, before));
  EXPECT_EQ(skipping.skipped_batches(), 1);
  net->forward(torch::randn({8, 6}));
  EXPECT_EQ(skipping.num_batches_tracked.item<int>(), 2);
  EXPECT_EQ(skipping.skipped_batches(), 1);

  name_batch_norms(*net);
  skipping.options.non_finite(NonFinite::kThrow);
  const auto then = copies(net);
  EXPECT_EQ(message_of([&] { net->forward(bad); }),
            "[batch_norm] 0: expected a batch with finite statistics, got NaN or Inf in 1 of 6 channels");
  EXPECT_TRUE(are(net, then));

  skipping.options.non_finite(NonFinite::kPropagate);
  torch::nn::BatchNorm1d theirs(6);
  net->forward(bad);
  theirs->forward(bad);
  EXPECT_EQ(torch::isfinite(skipping.running_mean).sum().item<int>(),
            torch::isfinite(theirs->running_mean).sum().item<int>());
}

TEST(RunningVarianceTest, BiasedHoldsWhatTheBatchIsNormalisedWith) {
  const Tensor x = torch::randn({10, 2}, torch::kDouble);
  for (const auto kind : {RunningVariance::kBiased, RunningVariance::kUnbiased}) {
    BatchNorm1d norm(BatchNormOptions(2).momentum(1.0).running_variance(kind));
    norm->to(torch::kDouble);
    norm->forward(x);
    const Tensor expected = x.var(0, kind == RunningVariance::kUnbiased);
    EXPECT_TRUE(torch::allclose(norm->running_var, expected, 1e-12, 0));
  }
  EXPECT_DOUBLE_EQ(*BatchNormOptions(2).decay(0.75).momentum(), 0.25);
}

// A network whose layers change while a step runs.
struct Changing : torch::nn::Module {
  Changing() {
    stays = register_module("stays", BatchNorm1d(2));
    changes = register_module("changes", BatchNorm1d(2));
  }

  BatchNorm1d stays{nullptr};
  BatchNorm1d changes{nullptr};
};

TEST(StatisticsTransactionTest, ADestructorNeverThrowsWhateverBecameOfTheLayers) {
  const auto ones = torch::ones({4, 2});
  const std::vector<std::function<void(Changing&)>> changes{
      [](Changing& network) { network.changes = network.replace_module("changes", BatchNorm1d(5)); },
      [](Changing& network) { network.unregister_module("changes"); },
      [](Changing& network) { network.changes->running_mean.set_data(torch::zeros({7})); },
      [](Changing& network) { network.register_module("more", BatchNorm1d(3)); },
      [](Changing& network) {
        network.replace_module("changes", BatchNorm1d(BatchNormOptions(2).track_running_stats(false)));
      }};
  for (const auto& change : changes) {
    Changing network;
    const auto moved = [&] { network.stays(torch::randn({4, 2}) + 9); };
    moved();
    const Tensor before = network.stays->running_mean.clone();
    ::testing::internal::CaptureStderr();
    {
      const StatisticsTransaction step(network);
      moved();
      change(network);
    }
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                ::testing::HasSubstr("expected the layers that it began with"));
    EXPECT_TRUE(torch::equal(network.stays->running_mean, before));
    EXPECT_EQ(network.stays->num_batches_tracked.item<int>(), 1);
  }
  // Whoever rolls back himself is told.
  Changing network;
  StatisticsTransaction step(network);
  changes[0](network);
  EXPECT_THROW(step.rollback(), c10::Error);
  step.commit();
}

TEST(StatisticsTransactionTest, AnExceptionIsNotFollowedByTheEndOfTheProcess) {
  Changing network;
  const auto step_that_fails = [&] {
    const StatisticsTransaction step(network);
    network.unregister_module("changes");
    throw std::runtime_error("no picture");
  };
  EXPECT_THROW(step_that_fails(), std::runtime_error);
}

}  // namespace
}  // namespace evenkeel::running_statistics_test
