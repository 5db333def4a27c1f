#include "evenkeel/population_statistics.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "evenkeel/batch_norm.h"

namespace evenkeel::population_statistics_test {
namespace {

using torch::Tensor;

// float64, so that what is compared is the algorithm. With Dropout, which must not play a part.
struct Network : torch::nn::Module {
  explicit Network(RunningVariance kind = RunningVariance::kUnbiased) {
    torch::manual_seed(1);
    const auto norm = [kind](std::int64_t channels) {
      return BatchNormOptions(channels).running_variance(kind);
    };
    layers = register_module(
        "layers",
        torch::nn::Sequential(torch::nn::Conv2d(1, 4, 3), BatchNorm2d(norm(4)), torch::nn::ReLU(),
                              torch::nn::Dropout(0.5), torch::nn::Conv2d(4, 3, 3), BatchNorm2d(norm(3)),
                              torch::nn::ReLU(), torch::nn::Flatten(), torch::nn::Linear(48, 5),
                              BatchNorm1d(norm(5)), torch::nn::ReLU(), torch::nn::Linear(5, 2)));
    to(torch::kDouble);
  }

  Tensor forward(const Tensor& x) { return layers->forward(x); }

  torch::nn::Sequential layers{nullptr};
};

std::vector<Tensor> cut(const Tensor& samples, std::int64_t size) { return samples.split(size); }

std::vector<LayerMoments> estimate(Network& network, const std::vector<Tensor>& batches,
                                   Depth depth = Depth::kExact) {
  return estimate_population_statistics(
      network, static_cast<std::int64_t>(batches.size()),
      [&](std::int64_t batch) { network.forward(batches[static_cast<std::size_t>(batch)]); }, depth);
}

// What one giant batch gives: LibTorch's operators, a layer after the other, each normalised with its own statistics.
std::vector<std::pair<Tensor, Tensor>> giant_batch(Network& network, Tensor x) {
  std::vector<std::pair<Tensor, Tensor>> statistics;
  for (torch::nn::AnyModule& module : *network.layers) {
    if (module.ptr()->as<torch::nn::Dropout>() != nullptr) continue;  // does nothing in evaluation
    if (dynamic_cast<BatchNormLayer*>(module.ptr().get()) == nullptr) {
      x = module.forward(x);
      continue;
    }
    std::vector<std::int64_t> others{0};
    if (x.dim() == 4) others = {0, 2, 3};
    const Tensor mean = x.mean(others, true);
    const Tensor variance = (x - mean).square().mean(others, true);
    const double m = static_cast<double>(x.numel() / x.size(1));
    statistics.emplace_back(mean.flatten(), variance.flatten() * (m / (m - 1)));
    x = (x - mean) / (variance + 1e-5).sqrt();
  }
  return statistics;
}

// The larger of the errors of the mean, in deviations, and of the variance, relative.
double error(const std::pair<Tensor, Tensor>& expected, const Tensor& mean, const Tensor& variance) {
  const double of_mean = ((mean - expected.first).abs() / expected.second.sqrt()).max().item<double>();
  return std::max(of_mean, ((variance - expected.second).abs() / expected.second).max().item<double>());
}

TEST(PopulationStatisticsTest, AreThoseOfOneGiantBatchForAnyBatchSizeAndOrder) {
  const torch::NoGradGuard no_graph;
  Network network;
  const Tensor samples = torch::randn({101, 1, 8, 8}, torch::kDouble) * 3 + 2;
  const auto expected = giant_batch(network, samples);
  for (const std::int64_t size : {1, 2, 7, 50, 101}) {
    for (const bool shuffled : {false, true}) {
      auto batches = cut(shuffled ? samples.index_select(0, torch::randperm(101)) : samples, size);
      if (shuffled) std::reverse(batches.begin(), batches.end());  // the short one first
      estimate(network, batches);
      const auto norms = batch_norms(network);
      ASSERT_EQ(norms.size(), expected.size());
      for (std::size_t i = 0; i < norms.size(); ++i) {
        const BatchNormLayer& layer = norms[i].layer;
        EXPECT_LT(error(expected[i], layer.running_mean, layer.running_var), 1e-12)
            << norms[i].name << ' ' << size;
        EXPECT_EQ(layer.num_batches_tracked.item<std::int64_t>(), (101 + size - 1) / size);
      }
    }
  }
}

TEST(PopulationStatisticsTest, InOnePassTheFirstLayerIsExactAndDeeperOnesSeeTheBatchesCut) {
  const torch::NoGradGuard no_graph;
  Network network;
  const Tensor samples = torch::randn({60, 1, 8, 8}, torch::kDouble);
  const auto expected = giant_batch(network, samples);
  const auto error_at = [&](std::size_t i, std::int64_t size) {
    const auto measured = estimate(network, cut(samples, size), Depth::kOnePass);
    return error(expected[i], measured[i].moments.mean(),
                 measured[i].moments.variance(RunningVariance::kUnbiased));
  };
  EXPECT_LT(error_at(0, 4), 1e-12);
  EXPECT_GT(error_at(1, 4), 1e-3);
  EXPECT_LT(error_at(1, 60), 1e-12);  // the giant batch itself
}

TEST(PopulationStatisticsTest, TheVarianceIsOfTheKindThatTheLayerKeeps) {
  const Tensor samples = torch::randn({10, 1, 8, 8}, torch::kDouble);
  Network biased(RunningVariance::kBiased);
  const auto measured = estimate(biased, cut(samples, 3));
  const auto& last = batch_norms(biased)[2].layer;
  EXPECT_TRUE(torch::equal(last.running_var, measured[2].moments.variance(RunningVariance::kBiased)));
  Network unbiased;
  estimate(unbiased, cut(samples, 3));
  EXPECT_TRUE(
      torch::allclose(batch_norms(unbiased)[2].layer.running_var, last.running_var * (10.0 / 9), 1e-10, 0));
}

TEST(PopulationStatisticsTest, ModesWeightsObserversAndFrozenLayersStayAsTheyWere) {
  Network network;
  network.train();
  network.layers->ptr(4)->eval();  // a mixture of modes
  auto norms = batch_norms(network);
  norms[1].layer.freeze({.statistics = true});
  int observed = 0;
  norms[0].layer.observe([&](const Tensor&) { ++observed; });
  std::vector<Tensor> weights;
  for (const Tensor& parameter : network.parameters()) weights.push_back(parameter.detach().clone());
  const Tensor frozen = norms[1].layer.running_mean.clone();
  std::vector<bool> modes;
  for (const auto& module : network.layers->modules()) modes.push_back(module->is_training());

  const auto measured = estimate(network, cut(torch::randn({10, 1, 8, 8}, torch::kDouble), 5));
  ASSERT_EQ(measured.size(), 2U);
  EXPECT_EQ(measured[0].name, "layers.1");
  EXPECT_EQ(measured[1].name, "layers.9");
  EXPECT_TRUE(torch::equal(norms[1].layer.running_mean, frozen));
  EXPECT_EQ(norms[1].layer.num_batches_tracked.item<int>(), 0);
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_TRUE(torch::equal(network.parameters()[i], weights[i]));
  std::vector<bool> modes_after;
  for (const auto& module : network.layers->modules()) modes_after.push_back(module->is_training());
  EXPECT_EQ(modes_after, modes);
  EXPECT_EQ(observed, 0);
  network.forward(torch::randn({4, 1, 8, 8}, torch::kDouble));
  EXPECT_EQ(observed, 1);
}

TEST(PopulationStatisticsTest, MeasuringChangesNothingAndNeitherDoesAForwardThatThrows) {
  Network network;
  network.forward(torch::randn({10, 1, 8, 8}, torch::kDouble));
  std::vector<Tensor> before;
  for (const Tensor& buffer : network.buffers()) before.push_back(buffer.clone());
  const auto unchanged = [&] {
    bool same = network.is_training() && network.layers->ptr(1)->is_training();
    const auto buffers = network.buffers();
    for (std::size_t i = 0; i < before.size(); ++i) same = same && torch::equal(buffers[i], before[i]);
    return same;
  };
  const auto batches = cut(torch::randn({10, 1, 8, 8}, torch::kDouble), 5);
  const auto forward = [&](std::int64_t batch) { network.forward(batches[static_cast<std::size_t>(batch)]); };
  EXPECT_EQ(measure_population_statistics(network, 2, forward).size(), 3U);
  EXPECT_TRUE(unchanged());
  EXPECT_THROW(estimate_population_statistics(network, 2,
                                              [&](std::int64_t batch) {
                                                if (batch == 1) throw std::runtime_error("no picture");
                                                forward(batch);
                                              }),
               std::runtime_error);
  EXPECT_TRUE(unchanged());
}

struct MaskedNetwork : torch::nn::Module {
  MaskedNetwork() {
    first = register_module("first", BatchNorm1d(1));
    second = register_module("second", BatchNorm1d(1));
    to(torch::kDouble);
  }

  Tensor forward(const Tensor& x, const Tensor& mask) {
    return second(first(x, Tensor(), mask).pow(3), Tensor(), mask);
  }

  BatchNorm1d first{nullptr};
  BatchNorm1d second{nullptr};
};

TEST(PopulationStatisticsTest, AMaskedPositionHasNoShareInThem) {
  for (const Depth depth : {Depth::kExact, Depth::kOnePass}) {
    MaskedNetwork network;
    const auto f64 = torch::dtype(torch::kDouble);
    const std::vector<Tensor> inputs{
        torch::tensor({1.0, 3.0, 1000.0}, f64).view({3, 1}),
        torch::tensor({static_cast<double>(INFINITY), 5.0, 7.0}, f64).view({3, 1})};
    const std::vector<Tensor> masks{torch::tensor({true, true, false}), torch::tensor({false, true, true})};
    estimate_population_statistics(
        network, 2,
        [&](std::int64_t batch) {
          const auto i = static_cast<std::size_t>(batch);
          network.forward(inputs[i], masks[i]);
        },
        depth);
    EXPECT_DOUBLE_EQ(network.first->running_mean.item<double>(), 4);
    EXPECT_DOUBLE_EQ(network.first->running_var.item<double>(), 20.0 / 3);
    EXPECT_NEAR(network.second->running_mean.item<double>(), 0, 1e-12);  // odd, of symmetric values
  }
}

// The same network of LibTorch's layers.
TEST(PopulationStatisticsTest, LibTorchsLayersGetTheSameAsEvenkeels) {
  const torch::NoGradGuard no_graph;
  torch::nn::Sequential theirs(torch::nn::Conv2d(1, 4, 3), torch::nn::BatchNorm2d(4), torch::nn::ReLU(),
                               torch::nn::Conv2d(4, 3, 3), BatchNorm2d(3), torch::nn::ReLU(),
                               torch::nn::Flatten(), torch::nn::Linear(48, 5), torch::nn::BatchNorm1d(5));
  torch::nn::Sequential ours(torch::nn::Conv2d(1, 4, 3), BatchNorm2d(4), torch::nn::ReLU(),
                             torch::nn::Conv2d(4, 3, 3), BatchNorm2d(3), torch::nn::ReLU(),
                             torch::nn::Flatten(), torch::nn::Linear(48, 5), BatchNorm1d(5));
  theirs->to(torch::kDouble);
  ours->to(torch::kDouble);
  for (std::size_t i = 0; i < ours->parameters().size(); ++i)
    ours->parameters()[i].copy_(theirs->parameters()[i]);
  const auto batches = cut(torch::randn({20, 1, 8, 8}, torch::kDouble) * 3 + 2, 6);
  for (const Depth depth : {Depth::kExact, Depth::kOnePass}) {
    const auto estimate_in = [&](torch::nn::Sequential& network) {
      return estimate_population_statistics(
          *network, 4, [&](std::int64_t i) { network->forward(batches[static_cast<std::size_t>(i)]); },
          depth);
    };
    const auto found = estimate_in(theirs);
    const auto expected = estimate_in(ours);
    ASSERT_EQ(found.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(found[i].name, expected[i].name);
      EXPECT_TRUE(torch::allclose(found[i].moments.mean(), expected[i].moments.mean(), 1e-10, 1e-12));
    }
    for (std::size_t i = 0; i < ours->buffers().size(); ++i) {
      // LibTorch made its counter of batches a double.
      const Tensor expected_buffer = ours->buffers()[i].to(torch::kDouble);
      EXPECT_TRUE(torch::allclose(theirs->buffers()[i].to(torch::kDouble), expected_buffer, 1e-10, 1e-12))
          << i;
    }
    EXPECT_TRUE(theirs->is_training());
  }
  torch::nn::Sequential broken(torch::nn::BatchNorm1d(3));
  EXPECT_THROW(estimate_population_statistics(*broken, 1,
                                              [&](std::int64_t) {
                                                broken->forward(torch::full({4, 3}, std::nan("")));
                                              }),
               c10::Error);
}

TEST(PopulationStatisticsTest, TheExactMethodStopsBehindEachLayer) {
  Network network;
  int ends = 0;
  const auto batches = cut(torch::randn({10, 1, 8, 8}, torch::kDouble), 5);
  estimate_population_statistics(network, 2, [&](std::int64_t batch) {
    network.forward(batches[static_cast<std::size_t>(batch)]);
    ++ends;
  });
  EXPECT_EQ(ends, 1);  // the one that finds the order
}

// A layer that a forward calls three times is measured three times.
TEST(PopulationStatisticsTest, ALayerThatIsCalledOftenGetsAllOfItsInputs) {
  BatchNorm1d shared(BatchNormOptions(1).affine(false));
  torch::nn::ModuleList network(shared);
  const auto measured = estimate_population_statistics(*network, 2, [&](std::int64_t batch) {
    for (int call = 0; call < 3; ++call) shared(torch::full({2, 1}, 3 * batch + call, torch::kFloat));
  });
  ASSERT_EQ(measured.size(), 1U);
  EXPECT_EQ(measured[0].moments.count().item<double>(), 12);
  EXPECT_DOUBLE_EQ(measured[0].moments.mean().item<double>(), 2.5);
}

TEST(PopulationStatisticsTest, WhatCannotBeUsedIsRefusedAndTheStatisticsStay) {
  Network network;
  const auto first = [&] { return batch_norms(network)[0].layer.running_mean.clone(); };
  const Tensor before = first();
  Tensor bad = torch::randn({4, 1, 8, 8}, torch::kDouble);
  bad[2][0][3][3] = std::nan("");
  const auto message = [&](const std::vector<Tensor>& batches) {
    try {
      estimate(network, batches);
    } catch (const c10::Error& error) {
      return std::string(error.what_without_backtrace());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message({bad}),
            "[population_statistics] layers.1: expected finite inputs, got NaN or Inf in 4 of 4 channels");
  EXPECT_EQ(message({torch::randn({1, 1, 8, 8}, torch::kDouble)}),
            "[population_statistics] layers.9: expected more than 1 value per channel, got 1");
  EXPECT_EQ(message({}), "[population_statistics] expected at least 1 batch, got 0");
  EXPECT_TRUE(torch::equal(first(), before));
}

}  // namespace
}  // namespace evenkeel::population_statistics_test
