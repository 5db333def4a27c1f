#include "runs/calibration.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "data/batches.h"
#include "data/small_digits.h"
#include "evenkeel/batch_norm.h"
#include "evenkeel/population_statistics.h"
#include "models/digit_network.h"

namespace evenkeel::runs::calibration_test {
namespace {

using torch::Tensor;

// Built-in digits, or those of EVENKEEL_DATA/mnist with as many pictures as EVENKEEL_CALIBRATION_PICTURES says.
struct Samples {
  Samples() {
    const char* folder = std::getenv("EVENKEEL_DATA");
    const char* wanted = std::getenv("EVENKEEL_CALIBRATION_PICTURES");
    data = data::open_data_set(
        wanted != nullptr && folder != nullptr ? "mnist:" + std::string(folder) + "/mnist" : "digits");
    config.pixels = data::measure_pixels(data.train, training::training_pictures(config, data.train.count));
    const auto count = static_cast<std::size_t>(wanted != nullptr ? std::atoi(wanted) : 400);
    const auto order = data::shuffled_order(data.train.count, 1, 0);
    pictures = data::BatchMaker(data.train, config.pixels)(std::span(order).first(count))
                   .pictures.to(torch::kDouble);
  }

  data::DataSet data;
  training::TrainConfig config;
  Tensor pictures;
};

struct Statistics {
  Tensor mean;
  Tensor variance;
};

// A network that has been trained a little, in float64.
models::DigitNetwork trained(const Samples& samples) {
  torch::manual_seed(1);
  models::DigitNetwork network(models::Norm::kBatch);
  network->to(torch::kDouble);
  torch::optim::SGD sgd(network->parameters(), 0.1);
  const auto labels = torch::randint(10, {64}, torch::kLong);
  for (int step = 0; step < 5; ++step) {
    sgd.zero_grad();
    torch::nn::functional::cross_entropy(network->forward(samples.pictures.slice(0, 0, 64)), labels)
        .backward();
    sgd.step();
  }
  return network;
}

// One giant batch through LibTorch's own operators in float64.
std::vector<Statistics> giant_batch(models::DigitNetwork& network, Tensor x) {
  const torch::NoGradGuard no_graph;
  std::vector<Statistics> statistics;
  for (auto* layers : {&network->features, &network->classifier}) {
    for (torch::nn::AnyModule& module : **layers) {
      const auto* norm = dynamic_cast<BatchNormLayer*>(module.ptr().get());
      if (norm == nullptr) {
        x = module.forward(x);
        continue;
      }
      std::vector<std::int64_t> others{0};
      if (x.dim() == 4) others = {0, 2, 3};
      const auto m = static_cast<double>(x.numel() / x.size(1));
      const Tensor mean = x.mean(others);
      const Tensor variance = x.var(others, /*unbiased=*/false);
      statistics.push_back({mean, variance * (m / (m - 1))});
      x = torch::batch_norm(x, norm->weight, norm->bias, mean, variance, false, 0.0, 1e-5, false);
    }
  }
  return statistics;
}

double error(const Statistics& expected, const Tensor& mean, const Tensor& variance) {
  const double of_mean = ((mean - expected.mean).abs() / expected.variance.sqrt()).max().item<double>();
  return std::max(of_mean, ((variance - expected.variance).abs() / expected.variance).max().item<double>());
}

TEST(CalibrationTest, OneGiantBatchForAnyBatchSizeAndOrderWhereAveragesOfVariancesAreNot) {
  const Samples samples;
  auto network = trained(samples);
  const auto expected = giant_batch(network, samples.pictures);
  const std::int64_t count = samples.pictures.size(0);
  const Tensor shuffled = samples.pictures.index_select(0, torch::randperm(count));
  for (const std::int64_t size : {std::int64_t{1}, std::int64_t{7}, std::int64_t{64}, count}) {
    const auto batches = shuffled.split(size);
    const auto number = static_cast<std::int64_t>(batches.size());
    const auto forward = [&](std::int64_t i) { network->forward(batches[static_cast<std::size_t>(i)]); };
    const auto measured = measure_population_statistics(*network, number, forward);
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& moments = measured[i].moments;
      worst =
          std::max(worst, error(expected[i], moments.mean(), moments.variance(RunningVariance::kUnbiased)));
    }
    EXPECT_LT(worst, 1e-6) << size;
    std::printf("batches of %5ld: error %.1e", static_cast<long>(size), worst);
    if (size == 1) {
      std::printf("\n");
      continue;  // an average of variances has none of one value to average
    }

    // What precise-BN tools do: one pass, the average of the batches' means and (unbiased) variances.
    std::vector<Statistics> averages;
    for (const auto& [name, layer] : batch_norms(*network)) {
      layer.options.momentum(1.0);
      averages.push_back({torch::zeros_like(layer.running_mean), torch::zeros_like(layer.running_var)});
    }
    network->train();
    for (std::int64_t i = 0; i < number; ++i) {
      if (batches[static_cast<std::size_t>(i)].size(0) == 1) continue;
      const torch::NoGradGuard no_graph;
      forward(i);
      const auto layers = batch_norms(*network);
      for (std::size_t k = 0; k < layers.size(); ++k) {
        averages[k].mean += (layers[k].layer.running_mean - averages[k].mean) / (i + 1);
        averages[k].variance += (layers[k].layer.running_var - averages[k].variance) / (i + 1);
      }
    }
    std::printf(", averages of variances:");
    for (std::size_t k = 0; k < averages.size(); ++k) {
      std::printf(" %.1e", error(expected[k], averages[k].mean, averages[k].variance));
    }
    std::printf("\n");
    if (size == 7) {
      EXPECT_GT(error(expected[2], averages[2].mean, averages[2].variance), 0.01);
    }
  }
}

TEST(CalibrationTest, MovesTheStatisticsAndSaysByHowMuch) {
  const auto data = testing::small_digits();
  training::TrainConfig config;
  config.pixels = data::measure_pixels(data.train, training::training_pictures(config, data.train.count));
  torch::manual_seed(1);
  models::DigitNetwork network(models::Norm::kBatch);
  std::vector<std::int64_t> seen;
  const auto result =
      calibrate(*network, data, config, {.batch_size = 40}, [&](std::int64_t done, std::int64_t all) {
        seen.push_back(done);
        EXPECT_EQ(all, 3 * 4 + 1);
      });
  EXPECT_EQ(result.pictures, 150);
  EXPECT_EQ(result.batches, 4);
  EXPECT_EQ(seen.size(), 13U);
  ASSERT_EQ(result.layers.size(), 3U);
  const auto norms = batch_norms(*network);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.layers[i].name, norms[i].name);
    // From mean 0 and variance 1, where an untrained network starts.
    const Tensor mean = norms[i].layer.running_mean.to(torch::kDouble);
    const Tensor variance = norms[i].layer.running_var.to(torch::kDouble);
    EXPECT_NEAR(result.layers[i].mean_shift, (mean.square() / variance).mean().sqrt().item<double>(), 1e-5);
    EXPECT_NEAR(result.layers[i].variance_ratio, variance.log().square().mean().sqrt().exp().item<double>(),
                1e-5);
  }
}

// By hand: 5 pictures that one of both alone recognised, of 2000: 2 sqrt(5) / 2000.
TEST(CalibrationTest, TheNoiseComesFromThePicturesThatOneOfBothRecognised) {
  Calibration result;
  result.before.count = result.after.count = 2000;
  for (const std::int64_t index : {1, 2, 3, 4}) result.before.mistakes.push_back({index, 0, 0.5});
  for (const std::int64_t index : {9, 4, 3, 7, 8}) result.after.mistakes.push_back({index, 0, 0.5});
  EXPECT_NEAR(result.gain(), -1.0 / 2000, 1e-15);
  EXPECT_NEAR(result.noise(), 2 * std::sqrt(5.0) / 2000, 1e-15);
  result.after = result.before;
  EXPECT_EQ(result.noise(), 0);
  EXPECT_EQ(Calibration().noise(), 0);
}

TEST(CalibrationTest, SettingsThatMakeNoSenseAreOneLine) {
  const auto data = testing::small_digits();
  const auto message = [&](models::Norm norm, const CalibrationSettings& settings) {
    models::DigitNetwork network(norm);
    try {
      calibrate(*network, data, {}, settings, [](std::int64_t, std::int64_t) {});
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message(models::Norm::kBatch, {.batch_size = 151}),
            "batch size: expected 1 to 150 pictures, found 151");
  EXPECT_EQ(message(models::Norm::kBatch, {.batch_size = 40, .batches = 5}),
            "batches: expected 0 to 4 of 40 pictures, found 5");
  EXPECT_EQ(message(models::Norm::kNone, {}), "batch size: expected 1 to 150 pictures, found 250");
  EXPECT_EQ(message(models::Norm::kNone, {.batch_size = 50}),
            "expected a network with batch norm to calibrate, found one without");
}

// A batch of Inf in the middle of training. Its step is rejected, as a gradient scaler rejects it; that alone does not save
// the running statistics.
double accuracy_after_training(models::Norm norm, NonFinite policy, bool poisoned) {
  static const data::DataSet data = data::open_data_set("digits");
  training::TrainConfig config;
  config.pixels = data::measure_pixels(data.train, training::training_pictures(config, data.train.count));
  torch::manual_seed(1);
  models::DigitNetwork network(norm);
  for (const auto& [name, layer] : batch_norms(*network)) layer.options.non_finite(policy);
  torch::optim::Adam adam(network->parameters(), 1e-3);
  const data::BatchMaker make_batch(data.train, config.pixels);
  const auto order = data::shuffled_order(data.train.count, 1, 0);
  for (std::size_t step = 0; step < 60; ++step) {
    auto batch = make_batch(std::span(order).subspan(step * 64, 64));
    if (poisoned && step == 30) batch.pictures[7][0][14][14] = std::numeric_limits<float>::infinity();
    network->train();
    const auto loss = torch::nn::functional::cross_entropy(network->forward(batch.pictures), batch.labels);
    if (!std::isfinite(loss.item<double>())) continue;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  return training::evaluate(*network, data.test, config.pixels).accuracy();
}

TEST(PoisonedBatchTest, WithSkipTheRunIsAsGoodAsACleanOneWithPyTorchsLayerItIsLost) {
  const double clean = accuracy_after_training(models::Norm::kBatch, NonFinite::kSkip, false);
  const double skipped = accuracy_after_training(models::Norm::kBatch, NonFinite::kSkip, true);
  const double torchs = accuracy_after_training(models::Norm::kTorch, NonFinite::kPropagate, true);
  std::printf("clean %.4f, skip %.4f, LibTorch's layer %.4f\n", clean, skipped, torchs);
  EXPECT_GT(clean, 0.9);
  EXPECT_NEAR(skipped, clean, 0.03);  // one batch of 60 fewer; the test has 2000 pictures
  EXPECT_LT(torchs, 0.2);             // chance is 0.1
}

}  // namespace
}  // namespace evenkeel::runs::calibration_test
