// The certificate's bound against what is seen in random pairs: EVENKEEL_FOLD_CASES says how many.
#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "fold/bound.h"
#include "fold/cases.h"

namespace evenkeel::bound_test {
namespace {

using namespace testing;

class FoldBoundTest : public ::testing::Test {
 protected:
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[random_() % values.size()];
  }
  bool coin() { return random_() % 2 == 0; }
  double power_of_ten(double from, double to) {
    return std::pow(10, std::uniform_real_distribution<double>(from, to)(random_));
  }

  LayerCase draw_layer(bool after) {
    LayerCase c;
    c.dimensions = one_of({0, 0, 1, 2, 2, 3});
    c.transposed = c.dimensions > 0 && one_of({false, false, true});
    c.groups = c.dimensions > 0 ? one_of({1, 1, 2, 4}) : 1;
    c.in = c.groups * one_of({1, 2, 5, 16});
    c.out = c.groups * one_of({1, 3, 8});
    if (c.dimensions == 0) c.in *= one_of({1, 10, 40});
    c.kernel = one_of({1, 2, 3});
    c.stride = one_of({1, 1, 2});
    c.dilation = one_of({1, 1, 2});
    c.padding = one_of({0, 1});
    c.bias = coin();
    if (after) return c;
    if (c.transposed) {
      c.stride = 1;
      c.padding = c.dilation * (c.kernel - 1);
    } else if (c.dimensions > 0) {
      c.mode = torch::kCircular;
    }
    return c;
  }

  // Weights and statistics of very different sizes; all of one sign now and then, so that the sums do not cancel.
  void draw_values(torch::nn::Module& module) {
    const torch::NoGradGuard no_graph;
    const bool same_sign = coin();
    for (auto& item : module.named_parameters()) {
      item.value().normal_().mul_(power_of_ten(-3, 2));
      if (same_sign) item.value().abs_();
      if (one_of({0, 0, 0, 1}) == 1) item.value().mul_(torch::randn_like(item.value()).mul_(3).exp());
      if (one_of({0, 0, 0, 0, 0, 1}) == 1) item.value().view(-1)[0] = 0;
    }
    for (auto& item : module.named_buffers()) {
      if (item.key() == "running_mean") item.value().normal_().mul_(power_of_ten(-3, 3));
      if (item.key() == "running_var") item.value().exponential_().mul_(power_of_ten(-8, 4));
    }
  }

  std::mt19937 random_{5};
};

TEST_F(FoldBoundTest, IsNeverExceeded) {
  const char* given = std::getenv("EVENKEEL_FOLD_CASES");
  const int cases = given != nullptr ? std::atoi(given) : 500;
  torch::manual_seed(5);
  std::map<torch::Dtype, std::vector<double>> ratios;
  int skipped = 0;
  for (int i = 0; i < cases; ++i) {
    const bool after = coin();
    const LayerCase c = draw_layer(after);
    const auto dtype = one_of({torch::kFloat, torch::kFloat, torch::kDouble, torch::kBFloat16});
    const auto layer = make_layer(c);
    const auto norm = make_norm(c.dimensions, after ? c.out : c.in, {coin(), coin(), one_of({1e-5, 1e-3})});
    draw_values(*layer);
    draw_values(*norm);
    layer->to(dtype);
    norm->to(dtype);
    Tensor x = draw_input(c, 7, dtype) * power_of_ten(-3, 3);
    if (coin()) x = x.abs();
    auto options = FoldOptions().data(x);
    if (coin()) options.largest_input(x.abs().max().item<double>() * 1.5);
    // Which bfloat16 convolutions LibTorch computes depends on its version and on the processor: it is asked.
    if (dtype == torch::kBFloat16 && !testing::computes(layer, x)) {
      ASSERT_NE(testing::refusal([&] { fold_modules(after ? layer : norm, after ? norm : layer, options); }),
                "no error");
      ++skipped;
      continue;
    }
    const FoldCertificate certificate =
        fold_modules(after ? layer : norm, after ? norm : layer, options).certificate;
    ASSERT_TRUE((certificate.measured <= certificate.bound).all().item<bool>())
        << "case " << i << ", " << dtype << ", " << c.dimensions << "d, measured " << certificate.measured
        << ", bound " << certificate.bound;
    const Tensor ratio = (certificate.measured / certificate.bound).nan_to_num(0);
    ratios[dtype].push_back(ratio.max().item<double>());
  }
  EXPECT_LT(skipped, cases / 4);
  for (auto& [dtype, of_dtype] : ratios) {
    std::sort(of_dtype.begin(), of_dtype.end());
    std::cout << dtype << ": measured / bound in " << of_dtype.size() << " pairs: median "
              << of_dtype[of_dtype.size() / 2] << ", largest " << of_dtype.back() << "\n";
    EXPECT_LE(of_dtype.back(), 1);
    // A bound is of use where it comes near what is seen.
    if (dtype != torch::kBFloat16) {
      EXPECT_GE(of_dtype.back(), 0.02);
    }
  }
}

// What the bound holds for is said by the caller, not only by the data it was measured on.
TEST_F(FoldBoundTest, HoldsForOtherInputsUpToTheLargest) {
  torch::manual_seed(3);
  torch::nn::Conv2d layer(torch::nn::Conv2dOptions(8, 16, 3).padding(1));
  const auto norm = make_norm(2, 16, {});
  const auto folded = fold_modules(layer.ptr(), norm, FoldOptions().largest_input(4));
  EXPECT_FALSE(folded.certificate.measured.defined());
  EXPECT_TRUE(std::isnan(folded.certificate.largest_measured()));
  for (int i = 0; i < 20; ++i) {
    const Tensor x = torch::rand({4, 8, 9, 9}) * 8 - 4;
    const auto again = fold_modules(layer.ptr(), norm, FoldOptions().data(x));
    EXPECT_TRUE((again.certificate.measured <= folded.certificate.bound).all().item<bool>());
    EXPECT_LE(again.certificate.largest_bound(), folded.certificate.largest_bound());
  }
}

// A pair whose bound can be written down: a linear layer of one weight w = 1 and no bias, and a norm that multiplies by s = 1/3.
// Folded, w' = 1/3 rounded to float32, x w' is rounded once; unfolded, x * 1 is exact and x * s is rounded.
TEST_F(FoldBoundTest, IsNearWhatOneWeightGives) {
  torch::nn::Linear layer(torch::nn::LinearOptions(1, 1).bias(false));
  layer->weight.data().fill_(1);
  BatchNorm1d norm(BatchNormOptions(1).eps(0));
  norm->running_var.fill_(9);
  norm->eval();
  const auto bound = fold(layer, norm, FoldOptions().largest_input(1)).certificate.largest_bound();
  const double unit = 0x1p-24 / 3;  // of the result
  EXPECT_GE(bound, 3 * unit);       // w', its product, and the norm's product
  EXPECT_LE(bound,
            (2 + 2 + 9 + 1) * unit * 1.001);  // two terms in each layer, nine roundings of any norm, w'
}

TEST_F(FoldBoundTest, IsInfiniteWhereValuesMayOverflow) {
  torch::nn::Linear layer(4, 4);
  const auto norm = make_norm(0, 4, {});
  EXPECT_EQ(fold_modules(layer.ptr(), norm, FoldOptions().largest_input(3e38)).certificate.largest_bound(),
            std::numeric_limits<double>::infinity());
}

// The bound counts what the user allowed, whether or not this processor makes use of it.
TEST_F(FoldBoundTest, IsWiderAndNotExceededWhereOperandsMayBeRounded) {
  torch::manual_seed(6);
  torch::nn::Linear layer(128, 256);
  const auto norm = make_norm(0, 256, {});
  const Tensor x = torch::randn({64, 128});
  const auto largest_bound = [&] {
    const auto certificate = fold_modules(layer.ptr(), norm, FoldOptions().data(x)).certificate;
    EXPECT_TRUE((certificate.measured <= certificate.bound).all().item<bool>());
    return certificate.largest_bound();
  };
  const double strict = largest_bound();
  at::globalContext().setFloat32MatmulPrecision("medium");
  EXPECT_GT(largest_bound(), 100 * strict);
  at::globalContext().setFloat32MatmulPrecision("highest");
  EXPECT_EQ(largest_bound(), strict);
  setenv("ONEDNN_DEFAULT_FPMATH_MODE", "BF16", 1);
  EXPECT_GT(largest_bound(), 100 * strict);
  setenv("ONEDNN_DEFAULT_FPMATH_MODE", "strict", 1);
  EXPECT_EQ(largest_bound(), strict);
  unsetenv("ONEDNN_DEFAULT_FPMATH_MODE");
}

TEST_F(FoldBoundTest, AMeasurementBeyondItIsRefusedInOneLine) {
  folding::PairParts pair;
  pair.layer.kind = "Linear";
  pair.norm.kind = "BatchNorm1d";
  const Tensor bound = torch::tensor({1.0, 2.0, std::numeric_limits<double>::infinity()}, torch::kDouble);
  const auto refusal_of = [&](double a, double b, double c) {
    return testing::refusal([&] {
      folding::check_within(torch::tensor({a, b, c}, torch::kDouble), bound, pair);
    });
  };
  EXPECT_EQ(refusal_of(1, 2, 3), "no error");
  EXPECT_EQ(refusal_of(0, 0, std::nan("")), "no error");  // the bound says nothing there
  const std::string beyond = refusal_of(0.5, 2.5, 0);
  EXPECT_NE(beyond.find("expected Linear and BatchNorm1d to be computed in the precision of their dtype"),
            std::string::npos);
  EXPECT_NE(beyond.find("channel 1 off by 2.5, beyond the proven 2"), std::string::npos) << beyond;
  EXPECT_EQ(beyond.find('\n'), std::string::npos);
  EXPECT_NE(refusal_of(std::nan(""), 0, 0), "no error");
}

}  // namespace
}  // namespace evenkeel::bound_test
