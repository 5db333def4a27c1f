// What the claims share: networks, batches, training, shifts.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <set>

#include "data/data_set.h"
#include "lab/networks.h"
#include "lab/shifts.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::toolbox_test {
namespace {

Sample numbered(std::int64_t count) {
  return {torch::arange(count, torch::kFloat32).view({count, 1}).repeat({1, 4}), torch::arange(count) % 3};
}

TEST(NetworksTest, SameSeedGivesTheSameWeightsWithAndWithoutNorm) {
  auto with = make_mlp({.inputs = 6, .hidden = {5, 4}, .norm = norm(models::Norm::kBatch)}, 3);
  auto without = make_mlp({.inputs = 6, .hidden = {5, 4}}, 3);
  auto other = make_mlp({.inputs = 6, .hidden = {5, 4}}, 4);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(torch::equal(linear_layers(with).at(i)->weight, linear_layers(without).at(i)->weight));
    EXPECT_FALSE(torch::equal(linear_layers(other).at(i)->weight, linear_layers(without).at(i)->weight));
  }
}

TEST(NetworksTest, WeightsHaveTheDeviationThatIsAskedFor) {
  const auto deviation = [](Weights weights) {
    auto network = make_mlp({.inputs = 400, .hidden = {400}, .weights = weights, .deviation = .3}, 1);
    return linear_layers(network).front()->weight.std().item<double>();
  };
  EXPECT_NEAR(deviation(Weights::kHe), std::sqrt(2 / 400.0), 1e-3);
  EXPECT_NEAR(deviation(Weights::kFanIn), std::sqrt(1 / 400.0), 1e-3);
  EXPECT_NEAR(deviation(Weights::kConstant), .3, 3e-3);
}

TEST(NetworksTest, NonlinearityInputsEndWithTheOutput) {
  auto network = make_mlp({.inputs = 6, .hidden = {5, 4}, .norm = norm(models::Norm::kBatch)}, 3);
  network->eval();
  const auto x = torch::randn({7, 6});
  const auto inputs = nonlinearity_inputs(network, x);
  ASSERT_EQ(inputs.size(), 3U);
  EXPECT_EQ(inputs[0].size(1), 5);
  EXPECT_EQ(inputs[1].size(1), 4);
  EXPECT_TRUE(torch::equal(inputs[2], network->forward(x)));
}

TEST(NetworksTest, ACopyHasTensorsOfItsOwn) {
  auto network = make_mlp({.inputs = 6, .hidden = {5}, .norm = norm(models::Norm::kBatch)}, 3);
  auto copy = copy_of(network);
  {
    const torch::NoGradGuard no_graph;
    for (auto& parameter : copy->parameters()) parameter.add_(1);
  }
  EXPECT_FALSE(torch::equal(linear_layers(network).front()->weight, linear_layers(copy).front()->weight));
}

TEST(BatchesTest, AnEpochHasEveryPictureOnce) {
  Batches batches(numbered(12), 4, 1);
  std::multiset<double> seen;
  for (int i = 0; i < 3; ++i) {
    const auto batch = batches.next().pictures;
    for (int j = 0; j < 4; ++j) seen.insert(batch[j][0].item<double>());
  }
  EXPECT_EQ(seen.size(), 12U);
  EXPECT_EQ(std::set<double>(seen.begin(), seen.end()).size(), 12U);
}

TEST(BatchesTest, SomePicturesAreOthersWithEverySeed) {
  const auto sample = numbered(100);
  EXPECT_TRUE(torch::equal(some_of(sample, 10, 1).pictures, some_of(sample, 10, 1).pictures));
  EXPECT_FALSE(torch::equal(some_of(sample, 10, 1).pictures, some_of(sample, 10, 2).pictures));
}

class TrainTest : public ::testing::Test {
 protected:
  static data::DataSet pictures() {
    data::DataSet set;
    for (auto* part : {&set.train, &set.test}) {
      *part = {64, 2, 2, {}, {}};
      for (int i = 0; i < 64; ++i) {
        for (int pixel = 0; pixel < 4; ++pixel)
          part->pixels.push_back(static_cast<std::uint8_t>(i % 2 == pixel % 2 ? 190 + i : i));
        part->labels.push_back(static_cast<std::uint8_t>(i % 2));
      }
    }
    return set;
  }
  data::DataSet set_ = pictures();
  Data data_{set_};
  double progress_ = 0;
  Trial trial_{data_, 1, Effort::kStandard, [this](double progress) { progress_ = progress; }};
};

TEST_F(TrainTest, LearnsAndReportsItsProgress) {
  auto network = make_mlp({.inputs = 4, .hidden = {8}, .outputs = 2, .norm = norm(models::Norm::kBatch)}, 1);
  trial_.plan(400);
  const double loss = train(trial_, network, data_.train, {.batch_size = 16, .steps = 200});
  EXPECT_LT(loss, 0.2);
  EXPECT_EQ(accuracy(network, data_.test), 100);
  EXPECT_DOUBLE_EQ(progress_, 0.5);
  EXPECT_TRUE(network->is_training());
}

TEST_F(TrainTest, ALossThatIsLostEndsTheTrainingWithNaN) {
  auto network = make_mlp({.inputs = 4, .hidden = {8, 8}, .outputs = 2}, 1);
  trial_.plan(200);
  std::int64_t last = 0;
  const double loss =
      train(trial_, network, data_.train, {.learning_rate = 1e30, .batch_size = 16, .steps = 200},
            [&](std::int64_t step, double) { last = step; });
  EXPECT_TRUE(std::isnan(loss));
  EXPECT_LT(last, 100);
  EXPECT_DOUBLE_EQ(progress_, 1);
}

TEST_F(TrainTest, PixelsAreFromZeroToOneAndShiftsAreDoneToThem) {
  const double before = 1 / 255.0;  // picture 1 has 1, 191 in its first row
  EXPECT_NEAR(data_.train.pictures[1][0].item<double>(), before, 1e-7);
  const auto pixel = [&](const Shift& shift) {
    return shifted(data_.train, shift).pictures[1][0].item<double>();
  };
  EXPECT_NEAR(pixel(with_contrast_and_brightness(.5, .25)), .5 * before + .25, 1e-6);
  EXPECT_NEAR(pixel(inverted()), 1 - before, 1e-6);
  const auto down = shifted(data_.train, moved(1)).pictures[1];
  EXPECT_EQ(down[0].item<double>(), 0);
  EXPECT_NEAR(down[3].item<double>(), before, 1e-7);
  const auto noise = shifted(data_.train, with_noise(.5)).pictures - data_.train.pictures;
  EXPECT_NEAR(noise.std().item<double>(), .5, .1);
}

}  // namespace
}  // namespace evenkeel::lab::toolbox_test
