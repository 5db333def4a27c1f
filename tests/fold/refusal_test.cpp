#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fold/cases.h"

namespace evenkeel::refusal_test {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class FoldRefusalTest : public ::testing::Test {
 protected:
  FoldRefusalTest() {
    norm_->eval();
    norm_->running_mean.fill_(0.5);
  }

  std::string after(const FoldOptions& options = {}) {
    return refusal([&] { fold(layer_, norm_, options); });
  }

  torch::nn::Conv2d layer_{torch::nn::Conv2dOptions(4, 4, 3)};
  BatchNorm2d norm_{4};
};

TEST_F(FoldRefusalTest, TheExampleItselfFolds) { EXPECT_EQ(after(), "no error"); }

TEST_F(FoldRefusalTest, StatisticsThatAreActive) {
  norm_->train();
  EXPECT_EQ(after(),
            "[fold] expected a BatchNorm2d in evaluation mode, got one in training mode: its statistics "
            "change with every "
            "batch");
  norm_->freeze({.mode = true});
  EXPECT_EQ(after(), "no error");
}

TEST_F(FoldRefusalTest, StatisticsThatAreMissing) {
  BatchNorm2d without(BatchNormOptions(4).track_running_stats(false));
  torch::nn::BatchNorm2d torchs(torch::nn::BatchNormOptions(4).track_running_stats(false));
  torch::nn::BatchNorm2d switched_off(4);
  switched_off->options.track_running_stats(false);  // LibTorch's then takes those of the batch
  for (const Module& norm : {Module(without.ptr()), Module(torchs.ptr()), Module(switched_off.ptr())}) {
    norm->eval();
    EXPECT_EQ(refusal([&] { fold_modules(layer_.ptr(), norm); }),
              "[fold] expected a BatchNorm2d with running statistics, got one without: it normalises with "
              "those of every "
              "batch");
  }
}

TEST_F(FoldRefusalTest, AShiftThatWouldEnterZeroPadding) {
  for (const bool same : {false, true}) {
    auto options = torch::nn::Conv2dOptions(4, 4, 3);
    if (same) {
      options.padding(torch::kSame);
    } else {
      options.padding(1);
    }
    torch::nn::Conv2d padded(options);
    EXPECT_EQ(refusal([&] { fold(norm_, padded); }),
              "[fold] expected a BatchNorm2d without shift, or a Conv2d whose outputs all see every tap, got "
              "a shift and "
              "zero padding");
    norm_->running_mean.zero_();  // scale alone: zeros stay zeros
    EXPECT_EQ(refusal([&] { fold(norm_, padded); }), "no error");
    norm_->running_mean.fill_(0.5);
  }
}

TEST_F(FoldRefusalTest, AShiftBeforeATransposedConvolution) {
  torch::nn::ConvTranspose2d borders(torch::nn::ConvTranspose2dOptions(4, 4, 3));
  EXPECT_THAT(refusal([&] { fold(norm_, borders); }),
              HasSubstr("got a shift and the borders of a transposed convolution"));
  torch::nn::ConvTranspose2d strided(torch::nn::ConvTranspose2dOptions(4, 4, 3).stride(2).padding(4));
  EXPECT_THAT(refusal([&] { fold(norm_, strided); }),
              HasSubstr("got a shift and a stride in a transposed convolution"));
}

TEST_F(FoldRefusalTest, AnActivationInBetween) {
  norm_->options.activation(Activation::kReLU);
  EXPECT_EQ(refusal([&] { fold(norm_, layer_); }),
            "[fold] expected nothing between BatchNorm2d and Conv2d, got an activation");
}

TEST_F(FoldRefusalTest, WeightsThatAnotherModuleShares) {
  torch::nn::Conv2d twin(torch::nn::Conv2dOptions(4, 4, 3));
  twin->weight = twin->named_parameters()["weight"];
  torch::nn::Sequential network(layer_, norm_, twin);
  EXPECT_EQ(after(FoldOptions().network(*network)), "no error");
  twin->weight.set_data(layer_->weight.data());
  EXPECT_EQ(after(FoldOptions().network(*network)),
            "[fold] expected a Conv2d whose weights no other module shares, got 0.weight, 2.weight");
  torch::nn::Sequential twice(layer_, norm_, layer_);
  EXPECT_THAT(after(FoldOptions().network(*twice)), HasSubstr("got 0.weight, 2.weight"));
}

TEST_F(FoldRefusalTest, NumbersThatGiveNoAffineMap) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const auto with = [&](Tensor& tensor, double value) {
    const Tensor before = tensor.detach().clone();
    const torch::NoGradGuard no_graph;
    tensor.index_put_({1}, value);
    const auto error = after();
    tensor.copy_(before);
    return error;
  };
  EXPECT_EQ(with(norm_->running_var, -1e-6).substr(0, 49),
            "[fold] expected variances of at least 0, got -1e-");
  EXPECT_EQ(with(norm_->running_var, kNaN), "[fold] expected finite values in running_var, got NaN or Inf");
  EXPECT_EQ(with(norm_->running_mean, kNaN), "[fold] expected finite values in running_mean, got NaN or Inf");
  EXPECT_EQ(with(norm_->weight, 1 / 0.),
            "[fold] expected finite values in the norm's weight, got NaN or Inf");
  EXPECT_EQ(with(norm_->bias, kNaN), "[fold] expected finite values in the norm's bias, got NaN or Inf");
  EXPECT_EQ(with(layer_->weight, kNaN),
            "[fold] expected finite values in the layer's weight, got NaN or Inf");
  EXPECT_EQ(with(layer_->bias, kNaN), "[fold] expected finite values in the layer's bias, got NaN or Inf");
  EXPECT_EQ(with(norm_->weight, 3e38), "no error");
  norm_->options.eps(1e-20);
  EXPECT_THAT(with(norm_->running_var, 0), "no error");
  EXPECT_EQ(after(), "no error");
  norm_->running_var.fill_(0);
  norm_->weight.data().fill_(3e38);
  EXPECT_EQ(after(), "[fold] expected folded weights in the range of Float, got larger ones");
  norm_->options.eps(0);
  EXPECT_THAT(after(), HasSubstr("[fold] expected running_var + eps of at least 1.17549e-38, got 0"));
}

TEST_F(FoldRefusalTest, PartsThatDoNotFit) {
  EXPECT_EQ(refusal([&] { fold(layer_, BatchNorm2d(BatchNormOptions(5))); }).substr(0, 52),
            "[fold] expected a BatchNorm2d in evaluation mode, go");
  const auto in_evaluation = [](auto norm) {
    norm->eval();
    return norm;
  };
  EXPECT_EQ(refusal([&] { fold(layer_, in_evaluation(BatchNorm2d(5))); }),
            "[fold] expected a BatchNorm2d of 4 channels behind this Conv2d, got one of 5");
  EXPECT_EQ(refusal([&] { fold(in_evaluation(BatchNorm2d(5)), layer_); }),
            "[fold] expected a BatchNorm2d of 4 channels before this Conv2d, got one of 5");
  EXPECT_EQ(refusal([&] { fold(layer_, in_evaluation(torch::nn::BatchNorm3d(4))); }),
            "[fold] expected a BatchNorm2d beside a Conv2d, got a BatchNorm3d");
  EXPECT_EQ(refusal([&] { fold(torch::nn::Linear(3, 4), norm_); }),
            "[fold] expected a BatchNorm1d beside a Linear, got a BatchNorm2d");
  EXPECT_EQ(refusal([&] { fold_modules(layer_.ptr(), torch::nn::ReLU().ptr()); }),
            "[fold] expected a convolution or linear layer and a batch norm, got Conv2d and ReLU");
  EXPECT_EQ(refusal([&] { fold_modules(nullptr, norm_.ptr()); }),
            "[fold] expected two modules, got an empty holder");
}

TEST_F(FoldRefusalTest, DtypesThatDoNotFit) {
  norm_->to(torch::kDouble);
  EXPECT_EQ(after(), "[fold] expected running_mean of dtype Float on the CPU, got Double on cpu");
  norm_->to(torch::kFloat);
  layer_->to(torch::kBFloat16);
  EXPECT_EQ(after(), "no error");  // as LibTorch's and Evenkeel's norms take it
  layer_->to(torch::kHalf);
  EXPECT_EQ(after(), "[fold] expected a Conv2d of dtype Float, Double or BFloat16, got Half");
}

TEST_F(FoldRefusalTest, DataThatDoNotFit) {
  EXPECT_THAT(after(FoldOptions().data(torch::ones({4, 5, 5}))),
              HasSubstr("[fold] expected data of 4 dimensions for Conv2d and BatchNorm2d, got [4, 5, 5]"));
  EXPECT_THAT(after(FoldOptions().data(torch::ones({1, 4, 5, 5}, torch::kDouble))),
              HasSubstr("[fold] expected data of dtype Float like the Conv2d, got Double"));
  EXPECT_THAT(after(FoldOptions().data(torch::full({1, 4, 5, 5}, std::numeric_limits<float>::infinity()))),
              HasSubstr("[fold] expected finite data, got NaN or Inf"));
  EXPECT_EQ(after(FoldOptions().data(torch::full({1, 4, 5, 5}, 3)).largest_input(2.5)),
            "[fold] expected data of dtype Float like the Conv2d, got Long");
  EXPECT_EQ(after(FoldOptions().data(torch::full({1, 4, 5, 5}, 3.F)).largest_input(2.5)),
            "[fold] expected a largest_input that the data do not exceed, got 2.5 and data up to 3");
}

}  // namespace
}  // namespace evenkeel::refusal_test
