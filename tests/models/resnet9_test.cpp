#include "models/resnet9.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>

#include "model_files/state_dict_file.h"
#include "python_with_torch.h"
#include "temporary_folder.h"

namespace evenkeel::models::resnet9_test {
namespace {

using torch::Tensor;

ResNet9 seeded(Norm norm, std::int64_t width = 4) {
  torch::manual_seed(3);
  return ResNet9(norm, width);
}

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

// The published network, written once more without modules: each norm with the batch's own statistics.
Tensor published_logits(const ResNet9& network, Tensor x) {
  const auto tensors = model_files::state_dict(*network).tensors;
  const auto unit = [&](const Tensor& input, const std::string& part, const std::string& number = "") {
    const std::string conv = part + ".conv" + number, norm = part + ".norm" + number;
    const auto y = torch::conv2d(input, tensors[conv + ".weight"], {}, 1, 1);
    return torch::relu(torch::batch_norm(y, tensors[norm + ".weight"], tensors[norm + ".bias"], {}, {}, true,
                                         0.1, 1e-5, false));
  };
  const auto residual = [&](const Tensor& input, const std::string& part) {
    return input + unit(unit(input, part, "1"), part, "2");
  };
  x = residual(torch::max_pool2d(unit(unit(x, "prep"), "layer1"), 2), "residual1");
  x = torch::max_pool2d(unit(x, "layer2"), 2);
  x = residual(torch::max_pool2d(unit(x, "layer3"), 2), "residual3");
  return torch::linear(torch::max_pool2d(x, 4).flatten(1), tensors["classifier.linear.weight"]) * 0.125;
}

TEST(ResNet9Test, HasTheSixAndAHalfMillionParametersOfThePublishedNetwork) {
  // Convolutions 9 in out, two parameters per normalised channel, and the classifier.
  constexpr std::int64_t kConvolutions =
      9 * (3 * 64 + 64 * 128 + 2 * 128 * 128 + 128 * 256 + 256 * 512 + 2 * 512 * 512);
  constexpr std::int64_t kChannels = 64 + 3 * 128 + 256 + 3 * 512;
  const auto count = parameter_count(*ResNet9(Norm::kBatch));
  EXPECT_EQ(count, kConvolutions + 2 * kChannels + 512 * 10);
  EXPECT_EQ(count, 6'573'120);
  EXPECT_EQ(parameter_count(*ResNet9(Norm::kTorch)), count);
  EXPECT_EQ(parameter_count(*ResNet9(Norm::kNone)), count - kChannels);  // a bias in place of weight and bias
}

TEST(ResNet9Test, TheWidthScalesEveryChannel) {
  auto tensors = model_files::state_dict(*seeded(Norm::kBatch, 16)).tensors;
  EXPECT_EQ(tensors["prep.conv.weight"].sizes(), (std::vector<std::int64_t>{16, 3, 3, 3}));
  EXPECT_EQ(tensors["residual1.conv2.weight"].sizes(), (std::vector<std::int64_t>{32, 32, 3, 3}));
  EXPECT_EQ(tensors["layer2.conv.weight"].sizes(), (std::vector<std::int64_t>{64, 32, 3, 3}));
  EXPECT_EQ(tensors["residual3.norm1.running_var"].sizes(), (std::vector<std::int64_t>{128}));
  EXPECT_EQ(tensors["classifier.linear.weight"].sizes(), (std::vector<std::int64_t>{10, 128}));
}

TEST(ResNet9Test, GivesTheLogitsOfThePublishedNetwork) {
  for (const auto norm : {Norm::kBatch, Norm::kTorch}) {
    auto network = seeded(norm);
    network->to(torch::kDouble);
    const auto pictures = torch::randn({6, 3, 32, 32}, torch::kDouble);
    const auto expected = published_logits(network, pictures);
    EXPECT_EQ(expected.sizes(), (std::vector<std::int64_t>{6, 10}));
    // Float64 through nine layers: rounding stays near 1e-15 of logits below 1.
    EXPECT_LT((network->forward(pictures) - expected).abs().max().item<double>(), 1e-12) << name_of(norm);
  }
}

TEST(ResNet9Test, StartsFromTheSameWeightsWithEveryNorm) {
  const auto batch = seeded(Norm::kBatch)->named_parameters();
  for (const auto norm : {Norm::kTorch, Norm::kNone}) {
    const auto other = seeded(norm)->named_parameters();
    int shared = 0;
    for (const auto& item : batch) {
      if (item.key().find("norm") != std::string::npos && norm == Norm::kNone) continue;
      ASSERT_TRUE(other.contains(item.key())) << item.key();
      EXPECT_TRUE(item.value().equal(other[item.key()])) << name_of(norm) << ": " << item.key();
      ++shared;
    }
    EXPECT_EQ(shared, norm == Norm::kNone ? 9 : 25) << name_of(norm);
  }
  EXPECT_FALSE(seeded(Norm::kNone)->named_parameters()["layer1.conv.bias"].eq(0).all().item<bool>());
}

TEST(ResNet9Test, FusedAndSeparateReluGiveTheSameGradients) {
  auto fused = seeded(Norm::kBatch);
  auto separate = seeded(Norm::kTorch);
  torch::manual_seed(3);
  ResNet9 ours_separate(Norm::kBatch, 4, /*fuse_relu=*/false);
  EXPECT_TRUE(ours_separate->residual1->named_children().contains("relu2"));
  EXPECT_FALSE(fused->residual1->named_children().contains("relu2"));
  const auto pictures = torch::randn({8, 3, 32, 32}, torch::kDouble);
  for (auto* network : {&fused, &separate, &ours_separate}) {
    (*network)->to(torch::kDouble);
    (*network)->forward(pictures).square().sum().backward();
  }
  for (const auto& item : fused->named_parameters()) {
    const auto expected = separate->named_parameters()[item.key()].grad();
    for (const auto& found : {item.value().grad(), ours_separate->named_parameters()[item.key()].grad()})
      EXPECT_LT((found - expected).norm().item<double>(), 1e-10 * expected.norm().item<double>())
          << item.key();
  }
}

// The network that docs/run_folder.md shows, in Python: same first weights from the same seed where the convolutions have no
// bias, same logits from model.pt.
TEST(ResNet9Test, TheDocumentedPythonNetworkGivesTheSameLogits) {
  const auto python = testing::python_with_torch();
  if (python.empty())
    GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  const testing::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const model_files::StateDict& state) {
    std::ofstream(folder.path / name, std::ios::binary) << model_files::encode_state_dict(state);
  };
  for (const auto norm : {Norm::kBatch, Norm::kNone}) {
    auto network = seeded(norm);
    write("first.pt", norm == Norm::kBatch ? model_files::state_dict(*network) : model_files::StateDict{});
    network->forward(torch::randn({16, 3, 32, 32}) * 2 + 1);  // running statistics of their own
    network->eval();
    model_files::StateDict example;
    example.tensors.insert("pictures", torch::randn({20, 3, 32, 32}));
    example.tensors.insert("logits", network->forward(example.tensors["pictures"]).detach());
    write("model.pt", model_files::state_dict(*network));
    write("example.pt", example);
    EXPECT_TRUE(testing::run_python(python, EVENKEEL_TESTS_FOLDER "/models/python_network.py",
                                    "'" EVENKEEL_TESTS_FOLDER "/../docs/run_folder.md' ResNet9 '" +
                                        folder.path.string() + "' " + std::string(name_of(norm)) + " 4"));
  }
}

}  // namespace
}  // namespace evenkeel::models::resnet9_test
