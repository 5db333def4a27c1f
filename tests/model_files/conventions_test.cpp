#include "evenkeel/conventions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <stdexcept>

namespace evenkeel::conventions_test {
namespace {

using ::testing::HasSubstr;

torch::Tensor numbers(std::vector<double> values) { return torch::tensor(values, torch::kFloat64); }

ConventionTensors keras() {
  ConventionTensors tensors;
  tensors.insert("gamma", numbers({2, 0.5}));
  tensors.insert("beta", numbers({-1, 3}));
  tensors.insert("moving_mean", numbers({4, 5}));
  tensors.insert("moving_variance", numbers({9, 16}));
  return tensors;
}

std::string error_of(const ConventionTensors& tensors) {
  try {
    from_convention(Convention::kKeras, tensors, 1e-3, 0.99);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConventionsTest, KerasLayersGetPyTorchsNamesAndMomentum) {
  const auto layer = from_convention(Convention::kKeras, keras(), 1e-3, 0.99);
  EXPECT_TRUE(layer.weight.equal(numbers({2, 0.5})));
  EXPECT_TRUE(layer.bias.equal(numbers({-1, 3})));
  EXPECT_TRUE(layer.running_mean.equal(numbers({4, 5})));
  EXPECT_TRUE(layer.running_var.equal(numbers({9, 16})));
  EXPECT_EQ(layer.variance, RunningVariance::kBiased);
  EXPECT_EQ(layer.eps, 1e-3);
  EXPECT_NEAR(layer.momentum, 0.01, 1e-15);
}

// After one batch of the values 1, 2, 3 and 6, from mean 0 and variance 1: mean 3, squared deviations 4 + 1 + 0 + 9 = 14, so
// that the biased variance is 3.5 and the unbiased one 14 / 3.
TEST(ConventionsTest, EveryFrameworksStatisticsAfterOneBatch) {
  struct Case {
    Convention convention;
    const char* mean;
    const char* variance;
    double momentum;  // as the framework counts
    double batch_variance;
  };
  const Case cases[] = {
      {Convention::kTorch, "running_mean", "running_var", 0.1, 14.0 / 3},
      {Convention::kKeras, "moving_mean", "moving_variance", 0.99, 3.5},
      {Convention::kTensorFlowFused, "moving_mean", "moving_variance", 0.99, 14.0 / 3},
      {Convention::kFlax, "mean", "var", 0.99, 3.5},
      {Convention::kOnnx, "input_mean", "input_var", 0.9, 3.5},
  };
  for (const auto& [convention, mean, variance, momentum, batch_variance] : cases) {
    EXPECT_EQ(default_momentum(convention), momentum) << mean;
    const double new_weight = convention == Convention::kTorch ? momentum : 1 - momentum;
    ConventionTensors tensors;
    tensors.insert(mean, numbers({3 * new_weight}));
    tensors.insert(variance, numbers({1 - new_weight + batch_variance * new_weight}));
    const auto layer = from_convention(convention, tensors, default_eps(convention), momentum);
    EXPECT_NEAR(layer.momentum, new_weight, 1e-15);
    EXPECT_FALSE(layer.weight.defined());
    // The first values are of neither kind: only the batch's part is converted exactly, so take the part out.
    const auto of_batch = (layer.running_var - (1 - new_weight)) / new_weight;
    EXPECT_NEAR(convert_variance(of_batch, layer.variance, RunningVariance::kBiased, 4).item<double>(), 3.5,
                1e-12);
    EXPECT_NEAR(convert_variance(of_batch, layer.variance, RunningVariance::kUnbiased, 4).item<double>(),
                14.0 / 3, 1e-12);
  }
}

TEST(ConventionsTest, WithTheNumberOfValuesTheVarianceIsConvertedAndWithoutItPassedOn) {
  const auto layer = from_convention(Convention::kKeras, keras(), 1e-3, 0.99);
  const auto kept = to_convention(layer, Convention::kTorch);
  EXPECT_EQ(kept.variance, RunningVariance::kBiased);
  EXPECT_TRUE(kept.tensors["running_var"].equal(numbers({9, 16})));
  const auto converted = to_convention(layer, Convention::kTorch, 5);
  EXPECT_EQ(converted.variance, RunningVariance::kUnbiased);
  EXPECT_TRUE(converted.tensors["running_var"].allclose(numbers({11.25, 20}), 1e-15));  // * 5 / 4
  EXPECT_TRUE(converted.tensors["weight"].equal(numbers({2, 0.5})));
  EXPECT_NEAR(converted.momentum, 0.01, 1e-15);
  EXPECT_EQ(converted.eps, 1e-3);
}

TEST(ConventionsTest, ThereAndBackIsTheSame) {
  const auto layer = from_convention(Convention::kKeras, keras(), 1e-3, 0.99);
  for (const auto convention :
       {Convention::kTorch, Convention::kTensorFlowFused, Convention::kFlax, Convention::kOnnx}) {
    const auto there = to_convention(layer, convention, 8);
    const auto back = to_convention(from_convention(convention, there.tensors, there.eps, there.momentum),
                                    Convention::kKeras, 8);
    EXPECT_NEAR(back.momentum, 0.99, 1e-15);
    for (const auto& item : keras())
      EXPECT_TRUE(back.tensors[item.key()].allclose(item.value(), 1e-14)) << item.key();
  }
}

TEST(ConventionsTest, WrongTensorsAreOneClearLine) {
  auto tensors = keras();
  tensors.erase("moving_mean");
  EXPECT_EQ(error_of(tensors),
            "[from_convention] Keras: expected tensors \"moving_mean\" and \"moving_variance\", found none");
  tensors = keras();
  tensors.insert("running_mean", numbers({1, 2}));
  EXPECT_THAT(error_of(tensors), HasSubstr("found \"running_mean\""));
  tensors = keras();
  tensors["gamma"] = numbers({1});
  EXPECT_THAT(error_of(tensors), HasSubstr("in \"gamma\", found 1 numbers beside 2 means"));
  EXPECT_THROW(from_convention(Convention::kKeras, keras(), -1, 0.99), std::runtime_error);
  EXPECT_THROW(from_convention(Convention::kKeras, keras(), 1e-3, 1.5), std::runtime_error);
  EXPECT_THROW(to_convention(from_convention(Convention::kKeras, keras(), 1e-3, 0.9), Convention::kTorch, 1),
               std::runtime_error);
}

}  // namespace
}  // namespace evenkeel::conventions_test
