#include "models/norms/make_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>
#include <stdexcept>

#include "evenkeel/batch_norm.h"
#include "training/config.h"

namespace evenkeel::models::make_norm_test {
namespace {

using torch::Tensor;

Tensor input_for(int spatial_dimensions) {
  return spatial_dimensions == 0 ? torch::randn({40, 20}) + 1 : torch::randn({10, 20, 4, 4}) + 1;
}

std::string what(Norm norm, int spatial_dimensions) {
  return std::string(name_of(norm)) + " of " + std::to_string(spatial_dimensions) + " spatial dimensions";
}

TEST(NormTest, NamesGoRoundAndAreDifferent) {
  std::set<std::string_view> names;
  for (const auto norm : all_norms()) {
    EXPECT_EQ(norm_from_name(name_of(norm)), norm);
    EXPECT_FALSE(words_for(norm).empty());
    names.insert(name_of(norm));
  }
  EXPECT_EQ(names.size(), 10U);
}

TEST(NormTest, AnUnknownNameIsOneLineWithTheKnownOnes) {
  try {
    norm_from_name("cats");
    FAIL() << "expected an error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "norm: expected one of batch, torch, none, group, layer, instance, renorm, ghost, whiten, "
                 "detached, found \"cats\"");
  }
}

TEST(NormTest, NormsOverTheBatchNeedTwoPicturesAndTheOthersOne) {
  for (const auto norm : all_norms()) {
    training::TrainConfig config;
    config.norm = norm;
    config.batch_size = 1;
    const std::set<Norm> alone{Norm::kNone, Norm::kGroup, Norm::kLayer, Norm::kInstance};
    if (alone.contains(norm)) {
      EXPECT_NO_THROW(training::check(config)) << name_of(norm);
    } else {
      EXPECT_THROW(training::check(config), std::runtime_error) << name_of(norm);
    }
    config.batch_size = 2;
    EXPECT_NO_THROW(training::check(config)) << name_of(norm);
  }
}

TEST(MakeNormTest, EveryNormTakesAStepThatLowersTheLossInBothShapes) {
  torch::manual_seed(1);
  for (const int dimensions : {0, 2}) {
    for (const auto norm : all_norms()) {
      SCOPED_TRACE(what(norm, dimensions));
      auto layer = make_norm(norm, 20, dimensions);
      const Tensor input = input_for(dimensions).requires_grad_();
      const Tensor target = torch::randn_like(input);
      const auto loss = [&] { return (layer.forward(input) - target).square().mean(); };
      const Tensor before = loss();
      before.backward();
      EXPECT_TRUE(input.grad().isfinite().all().item<bool>());
      EXPECT_GT(input.grad().abs().max().item<float>(), 0);
      const auto parameters = layer.ptr()->parameters();
      const bool identity = norm == Norm::kNone || (norm == Norm::kInstance && dimensions == 0);
      ASSERT_EQ(parameters.size(), identity ? 0U : 2U);
      if (identity) continue;
      for (const auto& parameter : parameters) {
        EXPECT_EQ(parameter.numel(), 20);
        EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>());
      }
      torch::optim::SGD(parameters, 0.1).step();
      EXPECT_LT(loss().item<float>(), before.item<float>());
    }
  }
}

TEST(MakeNormTest, EveryNormEvaluatesOnePicture) {
  for (const int dimensions : {0, 2}) {
    for (const auto norm : all_norms()) {
      auto layer = make_norm(norm, 20, dimensions);
      layer.ptr()->eval();
      const Tensor one = input_for(dimensions).slice(0, 0, 1);
      EXPECT_EQ(layer.forward(one).sizes(), one.sizes()) << what(norm, dimensions);
    }
  }
}

TEST(MakeNormTest, ABiasIsRedundantExactlyWhereItDoesNotChangeTheOutput) {
  torch::manual_seed(2);
  for (const int dimensions : {0, 2}) {
    for (const auto norm : all_norms()) {
      auto layer = make_norm(norm, 20, dimensions);
      const Tensor input = input_for(dimensions);
      const Tensor bias =
          torch::randn(dimensions == 0 ? std::vector<std::int64_t>{20} : std::vector<std::int64_t>{20, 1, 1});
      const bool redundant = torch::allclose(layer.forward(input), layer.forward(input + bias), 1e-3, 1e-3);
      EXPECT_EQ(makes_bias_redundant(norm, dimensions), redundant) << what(norm, dimensions);
    }
  }
}

// Mean 0 and variance 1 over what each norm says that it normalises: [pictures, parts of the channels, rest].
TEST(MakeNormTest, GroupLayerAndInstanceNormaliseEachPictureByItself) {
  torch::manual_seed(3);
  const Tensor input = input_for(2) * 4;
  const std::vector<std::pair<Norm, std::int64_t>> parts{
      {Norm::kGroup, 10}, {Norm::kLayer, 1}, {Norm::kInstance, 20}};
  for (const auto& [norm, count] : parts) {
    auto layer = make_norm(norm, 20, 2);
    const Tensor output = layer.forward(input).reshape({10, count, -1}).detach();
    EXPECT_LT(output.mean(2).abs().max().item<float>(), 1e-5) << name_of(norm);
    EXPECT_LT((output.var(2, /*unbiased=*/false) - 1).abs().max().item<float>(), 1e-4) << name_of(norm);
  }
}

TEST(MakeNormTest, ChannelsAreDividedByTheLargestDivisor) {
  EXPECT_EQ(group_count(20, 2), 10);
  EXPECT_EQ(group_count(100, 0), 10);
  EXPECT_EQ(group_count(64, 2), 8);
  EXPECT_EQ(group_count(13, 2), 1);
  EXPECT_EQ(group_count(1, 2), 1);
  EXPECT_EQ(group_count(8, 2), 8);
  EXPECT_EQ(group_count(8, 0), 4);  // 8 groups of one value would have no variance
  EXPECT_EQ(group_count(1, 0), 1);
  EXPECT_EQ(whitening_group_size(500), 10);
  EXPECT_EQ(whitening_group_size(64), 16);
  EXPECT_EQ(whitening_group_size(6), 6);
  EXPECT_EQ(whitening_group_size(17), 1);
}

BatchNormOptions options_of(Norm norm) {
  const auto layer = make_norm(norm, 4, 2).ptr();
  return dynamic_cast<const BatchNormLayer&>(*layer).options;
}

TEST(MakeNormTest, RenormAndGhostAreEvenkeelsLayersWithTheirOptions) {
  EXPECT_FALSE(options_of(Norm::kBatch).virtual_batch_size().has_value());
  EXPECT_EQ(options_of(Norm::kGhost).virtual_batch_size(), 16);
  const auto limits = options_of(Norm::kRenorm).renormalization();
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->r_limit(100), 1);  // batch norm at first
  EXPECT_EQ(limits->d_limit(100), 0);
  EXPECT_EQ(limits->r_limit(800), 3);
  EXPECT_EQ(limits->d_limit(500), 5);
}

}  // namespace
}  // namespace evenkeel::models::make_norm_test
