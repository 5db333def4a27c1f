// Bad input gets one clear line, in PyTorch's words where PyTorch has some, and changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>

#include "evenkeel/evenkeel.h"

namespace evenkeel::error_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using torch::Tensor;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return std::string("not a c10::Error: ") + error.what();
  }
  return "nothing was thrown";
}

std::string layer_says(auto norm, const Tensor& input) {
  return message_of([&] { norm(input); });
}

std::string function_says(const Tensor& input, const Tensor& mean, const Tensor& variance,
                          const functional::BatchNormFuncOptions& options) {
  return message_of([&] { functional::batch_norm(input, mean, variance, options); });
}

functional::BatchNormFuncOptions training() { return functional::BatchNormFuncOptions().training(true); }

TEST(BatchNormErrorTest, OneValuePerChannelInTraining) {
  EXPECT_EQ(layer_says(BatchNorm1d(4), torch::ones({1, 4})),
            "Expected more than 1 value per channel when training, got input size [1, 4]");
  EXPECT_EQ(layer_says(BatchNorm2d(4), torch::ones({1, 4, 1, 1})),
            "Expected more than 1 value per channel when training, got input size [1, 4, 1, 1]");
  BatchNorm1d evaluating(4);
  evaluating->eval();
  EXPECT_NO_THROW(evaluating(torch::ones({1, 4})));
}

TEST(BatchNormErrorTest, WrongRank) {
  EXPECT_EQ(layer_says(BatchNorm1d(3), torch::ones({3})), "expected 2D or 3D input (got 1D input)");
  EXPECT_EQ(layer_says(BatchNorm1d(3), torch::ones({2, 3, 1, 1})), "expected 2D or 3D input (got 4D input)");
  EXPECT_EQ(layer_says(BatchNorm2d(3), torch::ones({2, 3})), "expected 4D input (got 2D input)");
  EXPECT_EQ(layer_says(BatchNorm3d(3), torch::ones({2, 3, 1, 1})), "expected 5D input (got 4D input)");
  EXPECT_EQ(layer_says(BatchNorm1d(3), torch::tensor(1.0F)), "expected 2D or 3D input (got 0D input)");
  EXPECT_EQ(function_says(torch::ones({3}), {}, {}, training()),
            "[batch_norm] expected input with at least 2 dimensions (N, C, ...), got 1D input");
  EXPECT_EQ(function_says(torch::tensor(1.0F), {}, {}, training()),
            "[batch_norm] expected input with at least 2 dimensions (N, C, ...), got 0D input");
}

TEST(BatchNormErrorTest, UndefinedInput) {
  EXPECT_EQ(layer_says(BatchNorm2d(3), Tensor()), "[batch_norm] expected an input, got an undefined tensor");
  EXPECT_EQ(function_says({}, {}, {}, training()), "[batch_norm] expected an input, got an undefined tensor");
}

TEST(BatchNormErrorTest, WrongNumberOfChannels) {
  const Tensor x = torch::ones({2, 3, 2, 2});
  EXPECT_EQ(layer_says(BatchNorm2d(4), x), "running_mean should contain 3 elements not 4");
  EXPECT_EQ(layer_says(BatchNorm2d(BatchNormOptions(4).track_running_stats(false)), x),
            "weight should contain 3 elements not 4");
  const Tensor three = torch::ones({3});
  const Tensor four = torch::ones({4});
  EXPECT_EQ(function_says(x, three, four, {}), "running_var should contain 3 elements not 4");
  EXPECT_EQ(function_says(x, three, three, functional::BatchNormFuncOptions().bias(four)),
            "bias should contain 3 elements not 4");
  EXPECT_EQ(function_says(x, three, three, functional::BatchNormFuncOptions().weight(three.view({1, 3}))),
            "[batch_norm] expected weight with one dimension, got size [1, 3]");
}

TEST(BatchNormErrorTest, MissingStatistics) {
  const Tensor x = torch::ones({2, 3});
  const Tensor three = torch::ones({3});
  EXPECT_EQ(function_says(x, {}, {}, {}), "running_mean must be defined in evaluation mode");
  EXPECT_EQ(function_says(x, three, {}, {}), "running_var must be defined in evaluation mode");
  EXPECT_EQ(function_says(x, three, {}, training()),
            "[batch_norm] expected running_mean and running_var or neither, got only running_mean");
  EXPECT_EQ(
      function_says(x, three, three, training().momentum(std::nullopt)),
      "[batch_norm] expected num_batches_tracked for a cumulative average (momentum nullopt), got none");
}

TEST(BatchNormErrorTest, DtypesThatAreNotSupportedOrMixed) {
  EXPECT_EQ(layer_says(BatchNorm1d(3), torch::ones({2, 3}, torch::kInt)),
            "[batch_norm] expected input of dtype Float, Double, BFloat16 or Half, got Int");
  EXPECT_EQ(layer_says(BatchNorm1d(3), torch::ones({2, 3}, torch::kDouble)),
            "[batch_norm] expected running_mean of dtype Double like the input, got Float");
}

TEST(BatchNormErrorTest, InputThatIsNotADenseTensorOnTheCpu) {
  EXPECT_THAT(layer_says(BatchNorm2d(3), torch::ones({2, 3, 2, 2}).to_sparse()),
              StartsWith("[batch_norm] expected a dense (strided) input, got layout "));
  EXPECT_THAT(layer_says(BatchNorm2d(3), torch::empty({2, 3, 2, 2}, torch::kMeta)),
              HasSubstr("expected an input on the CPU, got one on meta"));
  EXPECT_THAT(function_says(torch::ones({2, 3}), {}, {}, training().weight(torch::ones({3}, torch::kMeta))),
              HasSubstr("[batch_norm] expected weight to be dense and on the CPU"));
}

TEST(BatchNormErrorTest, DtypesThatDoNotGoWithAHalf) {
  const Tensor x = torch::ones({2, 3}, torch::kHalf);
  EXPECT_EQ(function_says(x, {}, {}, training().weight(torch::ones({3}, torch::kBFloat16))),
            "[batch_norm] expected weight of dtype Half like the input, or Float, got BFloat16");
  EXPECT_EQ(function_says(torch::ones({2, 3}), {}, {}, training().weight(torch::ones({3}, torch::kHalf))),
            "[batch_norm] expected weight of dtype Float like the input, got Half");
}

TEST(BatchNormErrorTest, ResidualThatDoesNotGoWithTheInput) {
  const Tensor x = torch::ones({2, 3, 4});
  const auto says = [&](const Tensor& residual) {
    BatchNorm1d norm(3);
    const std::string message = message_of([&] { norm(x, residual); });
    EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
    return message;
  };
  EXPECT_EQ(says(torch::ones({2, 3, 1})),
            "[batch_norm] expected residual of size [2, 3, 4] like the input, got [2, 3, 1]");
  EXPECT_EQ(says(torch::ones({3})),
            "[batch_norm] expected residual of size [2, 3, 4] like the input, got [3]");
  EXPECT_EQ(says(torch::ones({2, 3, 4}, torch::kDouble)),
            "[batch_norm] expected residual of dtype Float like the input, got Double");
  EXPECT_EQ(says(torch::ones({2, 3, 4}, torch::kMeta)),
            "[batch_norm] expected residual to be dense and on the CPU, got Strided on meta");
  EXPECT_THAT(says(torch::ones({2, 3, 4}).to_sparse()),
              StartsWith("[batch_norm] expected residual to be dense and on the CPU, got Sparse"));
}

TEST(BatchNormErrorTest, NegativeSlopeThatIsNotFinite) {
  const auto options = BatchNormOptions(3).activation(Activation::kLeakyReLU);
  EXPECT_EQ(layer_says(BatchNorm1d(BatchNormOptions(options).negative_slope(INFINITY)), torch::ones({2, 3})),
            "[batch_norm] expected a finite negative_slope, got inf");
}

TEST(BatchNormErrorTest, EpsBelowZero) {
  EXPECT_EQ(layer_says(BatchNorm1d(BatchNormOptions(3).eps(-1)), torch::ones({2, 3})),
            "[batch_norm] expected eps of at least 0, got -1");
  EXPECT_THAT(layer_says(BatchNorm1d(BatchNormOptions(3).eps(std::nan(""))), torch::ones({2, 3})),
              StartsWith("[batch_norm] expected eps of at least 0, got "));
}

TEST(BatchNormErrorTest, MomentumThatIsNoWeight) {
  for (const double momentum : {std::nan(""), -1.0, -1e-9, 1.0000001, 2.0, static_cast<double>(INFINITY),
                                -static_cast<double>(INFINITY)}) {
    BatchNorm1d norm(BatchNormOptions(3).momentum(momentum));
    for (const bool training : {true, false}) {
      norm->train(training);
      EXPECT_THAT(layer_says(norm, torch::randn({4, 3})),
                  StartsWith("[batch_norm] expected momentum from 0 to 1"));
    }
    EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
    EXPECT_TRUE(torch::equal(norm->running_mean, torch::zeros({3})));
    EXPECT_THAT(function_says(torch::randn({4, 3}), {}, {}, training().momentum(momentum)),
                StartsWith("[batch_norm] expected momentum"));
  }
  for (const double momentum : {0.0, 1.0}) {
    EXPECT_EQ(layer_says(BatchNorm1d(BatchNormOptions(3).momentum(momentum)), torch::randn({4, 3})),
              "nothing was thrown");
  }
  EXPECT_THAT(layer_says(BatchNorm1d(BatchNormOptions(3).decay(1.5)), torch::randn({4, 3})),
              HasSubstr("got -0.5"));
}

TEST(BatchNormErrorTest, RunningStatisticsThatCannotBeWrittenTo) {
  const Tensor x = torch::randn({4, 3});
  const Tensor residual = torch::zeros({4, 3});
  const auto options = training().residual(residual).inplace(true);
  Tensor inference;
  {
    const c10::InferenceMode mode;
    inference = torch::ones({3});
  }
  for (const Tensor& bad : {torch::ones({1}).expand({3}), inference}) {
    const Tensor good = torch::ones({3});
    EXPECT_THAT(function_says(x, bad, good, options), HasSubstr("expected running_mean"));
    EXPECT_THAT(function_says(x, good, bad, options), HasSubstr("expected running_var"));
    EXPECT_TRUE(torch::equal(good, torch::ones({3})));
  }
  EXPECT_TRUE(torch::equal(residual, torch::zeros({4, 3})));
}

TEST(BatchNormErrorTest, NamesTheLayerThatHasAName) {
  BatchNorm2d norm(3);
  torch::nn::ModuleList net(torch::nn::ModuleList(norm), BatchNorm1d(3));
  name_batch_norms(*net);
  const auto says = [&](const Tensor& x) { return layer_says(norm, x); };
  EXPECT_EQ(says(torch::ones({2, 3})), "0.0: expected 4D input (got 2D input)");
  EXPECT_EQ(says(torch::ones({2, 4, 2, 2})), "0.0: running_mean should contain 4 elements not 3");
  EXPECT_EQ(says(torch::ones({2, 3, 2, 2}, torch::kInt)),
            "[batch_norm] 0.0: expected input of dtype Float, Double, BFloat16 or Half, got Int");
  EXPECT_EQ(says(torch::ones({1, 3, 1, 1})),
            "0.0: Expected more than 1 value per channel when training, got input size [1, 3, 1, 1]");
  norm->options.non_finite(NonFinite::kThrow);
  EXPECT_EQ(says(torch::full({2, 3, 2, 2}, NAN)),
            "[batch_norm] 0.0: expected a batch with finite statistics, got NaN or Inf in 3 of 3 channels");
  norm->options.momentum(2);
  EXPECT_THAT(says(torch::ones({2, 3, 2, 2})), StartsWith("[batch_norm] 0.0: expected momentum"));
}

TEST(BatchNormErrorTest, ARefusedCallLeavesTheStateAsItWas) {
  BatchNorm1d norm(3);
  for (const Tensor& bad : {torch::ones({1, 3}), torch::ones({4, 5}), torch::ones({4, 3}, torch::kDouble)}) {
    EXPECT_THROW(norm(bad), c10::Error);
  }
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
  EXPECT_TRUE(torch::equal(norm->running_mean, torch::zeros({3})));
  EXPECT_TRUE(torch::equal(norm->running_var, torch::ones({3})));
}

}  // namespace
}  // namespace evenkeel::error_test
