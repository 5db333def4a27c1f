// bfloat16 and float16: computed as floats and rounded once, with the dtypes PyTorch gives.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <cmath>
#include <tuple>

#include "evenkeel/evenkeel.h"
#include "libtorch/oracle.h"

namespace evenkeel::half_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

// Half a unit in the last place of a half, relative to a value, and half the smallest one there is.
struct Rounding {
  double relative, absolute;
};

Rounding rounding_of(torch::Dtype dtype) {
  if (dtype == torch::kBFloat16) return {0x1p-8, 0x1p-134};
  if (dtype == torch::kHalf) return {0x1p-11, 0x1p-25};
  return {0x1p-24, 0x1p-150};
}

// `magnitude` is the size of the terms whose rounding as floats adds up; a constant, or one for each value.
template <typename Magnitude>
void expect_rounded(const char* what, const Tensor& got, const Tensor& exact, const Magnitude& magnitude) {
  SCOPED_TRACE(what);
  const Rounding rounding = rounding_of(got.scalar_type());
  const Tensor error = (got.to(torch::kDouble) - exact).abs();
  const Tensor allowed =
      exact.abs() * rounding.relative * (1 + 1e-5) + rounding.absolute + magnitude * 0x1p-20;
  EXPECT_TRUE((error <= allowed).all().template item<bool>())
      << (error - allowed).max().template item<double>();
}

class HalfTest : public ::testing::TestWithParam<std::tuple<torch::Dtype, bool, bool, Layout>> {};

TEST_P(HalfTest, ResultsAreTheExactOnesRoundedOnceAndHaveTheirTensorsDtype) {
  const auto [dtype, float_parameters, training, layout] = GetParam();
  const torch::Dtype parameters = float_parameters ? torch::kFloat : dtype;
  torch::manual_seed(50);
  for (const Sizes& sizes : {Sizes{33, 7}, Sizes{3, 4, 17}, Sizes{4, 9, 5, 7}}) {
    SCOPED_TRACE(::testing::PrintToString(sizes));
    const Sizes channels{sizes[1]};
    const auto draw = [](const Sizes& of, torch::Dtype type) { return torch::randn(of).to(type); };
    const Tensor x = lay_out((torch::randn(sizes) * 2 + 3).to(dtype), layout).requires_grad_();
    const Tensor residual = draw(sizes, dtype).requires_grad_();
    const Tensor weight = (torch::rand(channels) + 0.5).to(parameters).requires_grad_();
    const Tensor bias = draw(channels, parameters).requires_grad_();
    const Tensor mean = draw(channels, parameters);
    const Tensor variance = (torch::rand(channels) + 0.5).to(parameters);
    const Tensor g = draw(sizes, dtype);
    const auto options = functional::BatchNormFuncOptions()
                             .weight(weight)
                             .bias(bias)
                             .training(training)
                             .residual(residual)
                             .activation(Activation::kReLU);
    const Tensor mean_before = mean.to(torch::kDouble);
    const Tensor variance_before = variance.to(torch::kDouble);
    const Tensor y = functional::batch_norm(x, mean, variance, options);
    const auto seen = torch::autograd::grad({y}, {x, residual, weight, bias}, {g});

    const auto exact = [](const Tensor& t) { return t.detach().to(torch::kDouble); };
    const auto leaf = [&](const Tensor& t) { return exact(t).requires_grad_(); };
    const Tensor X = leaf(x), R = leaf(residual), W = leaf(weight), B = leaf(bias);
    const Tensor v =
        (training ? formula_training(X, W, B, 1e-5) : formula(X, W, B, mean_before, variance_before, 1e-5)) +
        R;
    // Which side of the kink a value lies on, the float computation says.
    const Tensor passed = exact(g) * (y > 0);
    const auto expected = torch::autograd::grad({v}, {X, R, W, B}, {passed});

    EXPECT_EQ(y.scalar_type(), dtype);
    EXPECT_EQ(y.sizes(), x.sizes());
    for (const std::size_t i : {0, 1}) EXPECT_EQ(seen[i].scalar_type(), dtype);
    for (const std::size_t i : {2, 3}) EXPECT_EQ(seen[i].scalar_type(), parameters);
    const Tensor gathered = passed.abs().sum(all_but_channels(X)) * 10;  // of |g n|, with |n| below 10
    expect_rounded("output", y, v.relu(), 30.0);
    expect_rounded("input", seen[0], expected[0], 100.0);
    EXPECT_TRUE(torch::equal(exact(seen[1]), expected[1]));
    expect_rounded("weight", seen[2], expected[2], gathered);
    expect_rounded("bias", seen[3], expected[3], gathered);
    if (training) {
      const Sizes dims = all_but_channels(X);
      EXPECT_EQ(mean.scalar_type(), parameters);
      expect_rounded("running mean", mean, mean_before * 0.9 + X.mean(dims) * 0.1, 1.0);
      expect_rounded("running var", variance, variance_before * 0.9 + X.var(dims, true) * 0.1, 1.0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, HalfTest,
                         ::testing::Combine(::testing::Values(torch::kBFloat16, torch::kHalf),
                                            ::testing::Bool(), ::testing::Bool(),
                                            ::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                                              Layout::kReversed, Layout::kSliced)),
                         [](const auto& info) {
                           return std::string(toString(std::get<0>(info.param))) +
                                  (std::get<1>(info.param) ? "FloatParameters" : "Throughout") +
                                  (std::get<2>(info.param) ? "Training" : "Evaluation") +
                                  name_of(std::get<3>(info.param));
                         });

TEST(HalfLayerTest, FollowsPyTorchsInBfloat16) {
  for (const bool float_parameters : {true, false}) {
    SCOPED_TRACE(float_parameters);
    BatchNorm2d ours(5);
    torch::nn::BatchNorm2d theirs(5);
    if (!float_parameters) {
      ours->to(torch::kBFloat16);
      theirs->to(torch::kBFloat16);
    }
    torch::manual_seed(51);
    for (const bool training : {true, false}) {
      ours->train(training);
      theirs->train(training);
      const Tensor input = (torch::randn({4, 5, 6, 6}) * 2 + 1).to(torch::kBFloat16);
      const Tensor g = torch::randn({4, 5, 6, 6}).to(torch::kBFloat16);
      const auto step = [&](auto& norm) {
        const Tensor x = input.detach().requires_grad_();
        const Tensor y = norm->forward(x);
        const auto gradients = torch::autograd::grad({y}, {x, norm->weight, norm->bias}, {g});
        return std::vector<Tensor>{
            y, gradients[0], gradients[1], gradients[2], norm->running_mean, norm->running_var};
      };
      const auto seen = step(ours);
      const auto expected = step(theirs);
      for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(seen[i].scalar_type(), expected[i].scalar_type()) << i;
        // PyTorch's rounds in between too.
        EXPECT_TRUE(torch::allclose(seen[i].to(torch::kFloat), expected[i].to(torch::kFloat), 0.03, 0.03))
            << i;
      }
    }
  }
}

TEST(HalfLayerTest, ToAHalfKeepsTheCounterAnIntegerAndTrains) {
  for (const torch::Dtype dtype : {torch::kBFloat16, torch::kHalf}) {
    BatchNorm1d norm(3);
    norm->to(dtype);
    EXPECT_EQ(norm->weight.scalar_type(), dtype);
    EXPECT_EQ(norm->running_var.scalar_type(), dtype);
    EXPECT_EQ(norm->num_batches_tracked.scalar_type(), torch::kLong);
    const Tensor y = norm(torch::randn({8, 3}).to(dtype));
    EXPECT_EQ(y.scalar_type(), dtype);
    EXPECT_EQ(norm->num_batches_tracked.item<int>(), 1);
    EXPECT_GT(norm->running_mean.abs().to(torch::kFloat).max().item<float>(), 0);
    y.sum().backward();
    EXPECT_EQ(norm->weight.grad().scalar_type(), dtype);
  }
}

// What is computed beyond the first order goes through floats, so it is right to a few roundings of what is stored.
TEST(HalfLayerTest, SecondOrderIsCloseToTheExactOne) {
  torch::manual_seed(52);
  for (const torch::Dtype dtype : {torch::kBFloat16, torch::kHalf}) {
    for (const bool training : {true, false}) {
      const Experiment e = Experiment::draw({6, 3, 4}, true, torch::kFloat);
      const auto rounded = [&](const Tensor& t) { return t.to(dtype); };
      Experiment half{rounded(e.input),           e.weight,           e.bias,          rounded(e.grad_output),
                      rounded(e.cotangent_input), e.cotangent_weight, e.cotangent_bias};
      const Tensor mean = torch::randn({3});
      const Tensor variance = torch::rand({3}) + 0.5;
      const Norm ours = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
        const auto options = functional::BatchNormFuncOptions().weight(w).bias(b).training(training);
        return functional::batch_norm(x, training ? Tensor() : mean, training ? Tensor() : variance, options);
      };
      const Norm exact = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
        return training ? formula_training(x, w, b, 1e-5)
                        : formula(x, w, b, mean.to(torch::kDouble), variance.to(torch::kDouble), 1e-5);
      };
      const Observation seen = half.observe(ours, true);
      const Observation expected = half.in_double().observe(exact, true);
      const auto expect_close = [&](const Tensor& got, const Tensor& wanted, torch::Dtype wanted_dtype) {
        EXPECT_EQ(got.scalar_type(), wanted_dtype);
        const double scale = wanted.abs().max().item<double>();
        EXPECT_LE((got.to(torch::kDouble) - wanted).abs().max().item<double>(),
                  4 * rounding_of(dtype).relative * scale);
      };
      expect_close(seen.second_grad_output, expected.second_grad_output, dtype);
      expect_close(seen.second_input, expected.second_input, dtype);
      expect_close(seen.second_weight, expected.second_weight, torch::kFloat);
    }
  }
}

// bfloat16 autocast on the CPU while it lives.
class Autocast {
 public:
  Autocast() { enable(true); }
  ~Autocast() {
    at::autocast::clear_cache();
    enable(false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  static void enable(bool on) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_enabled(at::kCPU, on);
#else
    at::autocast::set_cpu_enabled(on);
#endif
  }
};

// Which bfloat16 convolutions oneDNN has depends on the processor; LibTorch's own are there on each.
class WithoutOneDnn {
 public:
  WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(false); }
  ~WithoutOneDnn() { at::globalContext().setUserEnabledMkldnn(before_); }

 private:
  bool before_ = at::globalContext().userEnabledMkldnn();
};

TEST(AutocastTest, ANetworkGivesTheDtypesAndAboutTheValuesOfPyTorchs) {
  const WithoutOneDnn without_one_dnn;
  torch::manual_seed(53);
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(3, 8, 3));
  BatchNorm2d ours(BatchNormOptions(8).activation(Activation::kReLU));
  torch::nn::BatchNorm2d theirs(8);
  const Tensor input = torch::randn({4, 3, 8, 8});
  const Tensor g = torch::randn({4, 8, 6, 6}).to(torch::kBFloat16);
  for (const bool training : {true, false}) {
    SCOPED_TRACE(training);
    ours->train(training);
    theirs->train(training);
    const auto step = [&](auto& norm, const auto& tail) {
      const Tensor x = input.detach().requires_grad_();
      Tensor y;
      {
        const Autocast autocast;
        y = tail(norm->forward(conv(x)));
      }
      const auto gradients = torch::autograd::grad({y}, {x, conv->weight, norm->weight, norm->bias}, {g});
      return std::vector<Tensor>{
          y, gradients[0], gradients[1], gradients[2], gradients[3], norm->running_var};
    };
    const auto seen = step(ours, [](const Tensor& y) { return y; });
    const auto expected = step(theirs, [](const Tensor& y) { return torch::relu(y); });
    EXPECT_EQ(seen[0].scalar_type(), torch::kBFloat16);
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].scalar_type(), expected[i].scalar_type()) << i;
      const Tensor wanted = expected[i].to(torch::kFloat);
      const double distance = (seen[i].to(torch::kFloat) - wanted).norm().item<double>();
      EXPECT_LE(distance, 0.02 * wanted.norm().item<double>()) << i;
    }
  }
}

TEST(AutocastTest, AFloatInputStaysFloatAsInPyTorch) {
  BatchNorm1d ours(3);
  torch::nn::BatchNorm1d theirs(3);
  const Tensor x = torch::randn({8, 3});
  const Autocast autocast;
  EXPECT_EQ(theirs(x).scalar_type(), torch::kFloat);
  EXPECT_EQ(ours(x).scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace evenkeel::half_test
