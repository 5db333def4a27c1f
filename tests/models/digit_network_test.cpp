#include "models/digit_network.h"
#include "training/config.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "data/batches.h"
#include "data/small_digits.h"
#include "model_files/state_dict_file.h"
#include "python_with_torch.h"
#include "temporary_folder.h"

namespace evenkeel::models::digit_network_test {
namespace {

DigitNetwork seeded(Norm norm) {
  torch::manual_seed(3);
  return DigitNetwork(norm);
}

TEST(DigitNetworkTest, BothBatchNormsStartFromTheSameWeightsAndNames) {
  const auto ours = model_files::state_dict(*seeded(Norm::kBatch)).tensors;
  const auto torchs = model_files::state_dict(*seeded(Norm::kTorch)).tensors;
  ASSERT_EQ(ours.keys(), torchs.keys());
  for (const auto& item : ours) EXPECT_TRUE(item.value().equal(torchs[item.key()])) << item.key();
}

TEST(DigitNetworkTest, BothBatchNormsGiveTheSameGradients) {
  auto ours = seeded(Norm::kBatch);
  auto torchs = seeded(Norm::kTorch);
  const auto input = torch::randn({16, 1, 28, 28});
  for (auto* network : {&ours, &torchs}) (*network)->forward(input).square().sum().backward();
  // Sums of squares of logits near 1: float32 rounding through three layers, far from any real difference.
  for (const auto& item : ours->named_parameters()) {
    const auto expected = torchs->named_parameters()[item.key()].grad();
    EXPECT_LT((item.value().grad() - expected).norm().item<float>(), 1e-4 * expected.norm().item<float>())
        << item.key();
  }
}

TEST(DigitNetworkTest, OnlyLayersWithoutANormBehindThemHaveABias) {
  EXPECT_EQ(seeded(Norm::kBatch)->named_parameters().keys().size(), 11U);
  EXPECT_FALSE(seeded(Norm::kBatch)->named_parameters().contains("features.0.bias"));
  EXPECT_EQ(seeded(Norm::kNone)->named_parameters().keys().size(), 8U);
  EXPECT_TRUE(seeded(Norm::kNone)->named_parameters().contains("features.0.bias"));
}

// The network that docs/run_folder.md shows, in Python: same first weights from the same seed, same logits
// from model.pt.
TEST(DigitNetworkTest, TheDocumentedPythonNetworkGivesTheSameLogits) {
  const auto python = testing::python_with_torch();
  if (python.empty())
    GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  const testing::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const model_files::StateDict& state) {
    std::ofstream(folder.path / name, std::ios::binary) << model_files::encode_state_dict(state);
  };
  for (const auto norm : {Norm::kBatch, Norm::kNone}) {
    auto network = seeded(norm);
    write("first.pt", model_files::state_dict(*network));
    torch::optim::SGD optimiser(network->parameters(), 0.1);
    for (int step = 0; step < 3; ++step) {  // running statistics, gammas and betas of their own
      network->zero_grad();
      network->forward(torch::randn({32, 1, 28, 28}) * 2 + 1).square().mean().backward();
      optimiser.step();
    }
    network->eval();
    model_files::StateDict example;
    example.tensors.insert("pictures", torch::randn({40, 1, 28, 28}));
    example.tensors.insert("logits", network->forward(example.tensors["pictures"]).detach());
    write("model.pt", model_files::state_dict(*network));
    write("example.pt", example);
    EXPECT_TRUE(testing::run_python(python, EVENKEEL_TESTS_FOLDER "/models/python_network.py",
                                    "'" EVENKEEL_TESTS_FOLDER "/../docs/run_folder.md' DigitNetwork '" +
                                        folder.path.string() + "' " + std::string(name_of(norm))));
  }
}

TEST(ShuffledOrderTest, IsAPermutationThatDependsOnSeedAndEpochAlone) {
  const auto order = data::shuffled_order(1000, 5, 2);
  EXPECT_EQ(order, data::shuffled_order(1000, 5, 2));
  EXPECT_NE(order, data::shuffled_order(1000, 5, 3));
  EXPECT_NE(order, data::shuffled_order(1000, 6, 2));
  EXPECT_NE(order, data::shuffled_order(1000, 5 + (1ULL << 32), 2));
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::int64_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[static_cast<std::size_t>(i)], i);
}

TEST(BatchMakerTest, NormalisesThePicturesOfTheGivenPlaces) {
  data::Pictures pictures{3, 1, 2, {0, 255, 51, 102, 153, 204}, {7, 8, 9}};
  training::TrainConfig config;
  config.pixels.mean = {0.2};
  config.pixels.deviation = {0.5};
  const std::vector<std::int64_t> places{2, 0};
  const auto batch = data::BatchMaker(pictures, config.pixels)(places);
  EXPECT_TRUE(batch.pictures.allclose(torch::tensor({0.8F, 1.2F, -0.4F, 1.6F}).reshape({2, 1, 1, 2})));
  EXPECT_TRUE(batch.labels.equal(torch::tensor({std::int64_t{9}, std::int64_t{7}})));
}

TEST(MeasurePixelsTest, GivesMeanAndDeviationOfAllPixels) {
  training::TrainConfig config;
  config.pixels = data::measure_pixels({2, 1, 2, {0, 0, 255, 255}, {0, 1}}, 2);
  EXPECT_EQ(config.pixels.mean, std::vector<double>{0.5});
  EXPECT_EQ(config.pixels.deviation, std::vector<double>{0.5});
}

}  // namespace
}  // namespace evenkeel::models::digit_network_test
