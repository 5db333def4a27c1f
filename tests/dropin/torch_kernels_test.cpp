// PyTorch's own layers and functions on Evenkeel's kernels: as exact as before or better, differentiable as
// before, and PyTorch's again after restoring.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <atomic>
#include <limits>
#include <thread>

#include "evenkeel/evenkeel.h"
#include "libtorch/finite_differences.h"
#include "libtorch/oracle.h"

namespace evenkeel::torch_kernels_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

class TorchKernelsTest : public ::testing::Test {
 protected:
  ~TorchKernelsTest() override { restore_torch_kernels(); }
};

std::uint64_t taken() { return torch_kernel_calls().taken; }

TEST_F(TorchKernelsTest, ReplacingPrintsNothingAndOtherWarningsStillCome) {
  ::testing::internal::CaptureStderr();
  replace_torch_kernels();
  replace_torch_kernels();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  TORCH_WARN("still heard");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("still heard"));
}

double error_of(const Tensor& got, const Tensor& exact) {
  return (got.to(torch::kDouble) - exact).abs().max().item<double>();
}

// No further from the exact result than PyTorch's kernels are, up to the rounding of a few operations.
void expect_as_exact(const char* what, const Tensor& ours, const Tensor& theirs, const Tensor& exact) {
  SCOPED_TRACE(what);
  ASSERT_EQ(ours.defined(), exact.defined());
  if (!exact.defined()) return;
  EXPECT_EQ(ours.scalar_type(), theirs.scalar_type());
  ASSERT_EQ(ours.sizes(), theirs.sizes());
  EXPECT_EQ(ours.strides(), theirs.strides());
  const double eps = ours.scalar_type() == torch::kFloat ? std::numeric_limits<float>::epsilon()
                                                         : std::numeric_limits<double>::epsilon();
  EXPECT_LE(error_of(ours, exact), 2 * error_of(theirs, exact) + 16 * eps * exact.abs().max().item<double>());
}

class TorchFunctionTest : public TorchKernelsTest,
                          public ::testing::WithParamInterface<std::tuple<Layout, torch::Dtype, bool, bool>> {
};

TEST_P(TorchFunctionTest, ResultsAndGradientsAreAsExactAsPyTorchs) {
  const auto [layout, dtype, training, affine] = GetParam();
  torch::manual_seed(30);
  for (const Sizes& sizes : std::vector<Sizes>{
           {64, 5}, {33, 17}, {3, 4, 17}, {2, 8, 65}, {4, 3, 8, 9}, {2, 31, 8, 8}, {2, 3, 4, 3, 5}}) {
    SCOPED_TRACE(::testing::PrintToString(sizes));
    Experiment e = Experiment::draw(sizes, affine, dtype);
    const Tensor mean = torch::randn({sizes[1]}, torch::dtype(dtype));
    const Tensor variance = torch::rand({sizes[1]}, torch::dtype(dtype)) + 0.5;
    const Experiment exact = e.in_double();
    e.input = lay_out(e.input, layout);
    const Norm by_torch = [&, training = training](const Tensor& x, const Tensor& w, const Tensor& b) {
      return torch::batch_norm(x, w, b, mean, variance, training, /*momentum=*/0, 1e-5, false);
    };
    const Norm by_formula = [&, training = training](const Tensor& x, const Tensor& w, const Tensor& b) {
      return training ? formula_training(x, w, b, 1e-5)
                      : formula(x, w, b, mean.to(torch::kDouble), variance.to(torch::kDouble), 1e-5);
    };
    const Observation expected = exact.observe(by_formula, true);
    for (const bool second : {false, true}) {
      restore_torch_kernels();
      const Observation theirs = e.observe(by_torch, second);
      replace_torch_kernels();
      const std::uint64_t taken_before = taken();
      const Observation ours = e.observe(by_torch, second);
      // Three-dimensional inputs with the channels last are nothing that PyTorch would keep so.
      const bool is_taken = layout == Layout::kContiguous || layout == Layout::kMisaligned ||
                            (layout == Layout::kChannelsLast && sizes.size() >= 4) || sizes.size() == 2;
      EXPECT_EQ(taken() > taken_before, is_taken);
      expect_as_exact("output", ours.output, theirs.output, expected.output);
      expect_as_exact("grad_input", ours.grad_input, theirs.grad_input, expected.grad_input);
      expect_as_exact("grad_weight", ours.grad_weight, theirs.grad_weight, expected.grad_weight);
      expect_as_exact("grad_bias", ours.grad_bias, theirs.grad_bias, expected.grad_bias);
      if (!second) continue;
      expect_as_exact("second grad_output", ours.second_grad_output, theirs.second_grad_output,
                      expected.second_grad_output);
      expect_as_exact("second input", ours.second_input, theirs.second_input, expected.second_input);
      expect_as_exact("second weight", ours.second_weight, theirs.second_weight, expected.second_weight);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, TorchFunctionTest,
                         ::testing::Combine(::testing::Values(Layout::kContiguous, Layout::kChannelsLast,
                                                              Layout::kMisaligned),
                                            ::testing::Values(torch::kFloat, torch::kDouble),
                                            ::testing::Bool(), ::testing::Bool()),
                         [](const auto& info) {
                           return std::string(name_of(std::get<0>(info.param))) +
                                  toString(std::get<1>(info.param)) +
                                  (std::get<2>(info.param) ? "Training" : "Evaluation") +
                                  (std::get<3>(info.param) ? "Affine" : "Plain");
                         });

TEST_F(TorchKernelsTest, GradientsOfBothOrdersMatchFiniteDifferences) {
  replace_torch_kernels();
  const auto f64 = torch::dtype(torch::kDouble);
  for (const bool training : {true, false}) {
    SCOPED_TRACE(training ? "training" : "evaluation");
    torch::manual_seed(31);
    const Tensor mean = torch::randn({2}, f64);
    const Tensor variance = torch::rand({2}, f64) + 0.5;
    const Inputs inputs{torch::randn({3, 2, 2}, f64) * 1.5 + 1, torch::randn({3, 2, 2}, f64),
                        torch::randn({2}, f64) + 1, torch::randn({2}, f64)};
    const ScalarFunction function = [&](const Inputs& in) {
      const Tensor y = torch::batch_norm(in[0], in[2], in[3], mean, variance, training, 0, 1e-3, false);
      return (y.sin() * in[1]).sum();
    };
    const std::uint64_t taken_before = taken();
    expect_gradients_match_differences(function, inputs);
    expect_gradients_match_differences(derivative(function, inputs), inputs);
    EXPECT_GT(taken(), taken_before);
  }
}

// A layer through training and evaluation: everything it gives and everything it keeps.
template <typename Layer>
std::vector<Tensor> life_of(Layer layer, const Sizes& sizes) {
  torch::manual_seed(32);
  std::vector<Tensor> seen;
  for (int step = 0; step < 6; ++step) {
    layer->train(step % 3 != 2);
    const Tensor x = (torch::randn(sizes) * 3 + step).requires_grad_();
    const Tensor y = layer(x);
    layer->zero_grad();
    y.square().sum().backward();
    seen.insert(seen.end(), {y.detach(), x.grad()});
    if (layer->weight.defined()) {
      seen.insert(seen.end(), {layer->weight.grad().clone(), layer->bias.grad().clone()});
    }
    if (layer->running_mean.defined()) {
      seen.insert(seen.end(), {layer->running_mean.clone(), layer->running_var.clone()});
    }
  }
  return seen;
}

template <typename Layer>
void expect_the_same_life(const Sizes& sizes) {
  for (const bool affine : {true, false}) {
    for (const bool tracked : {true, false}) {
      for (const auto momentum : {c10::optional<double>(0.1), c10::optional<double>()}) {
        const auto live = [&] {
          const auto options = torch::nn::BatchNormOptions(sizes[1]).affine(affine).momentum(momentum);
          return life_of(Layer(torch::nn::BatchNormOptions(options).track_running_stats(tracked)), sizes);
        };
        restore_torch_kernels();
        const auto before = live();
        replace_torch_kernels();
        const std::uint64_t taken_before = taken();
        const auto replaced = live();
        EXPECT_EQ(taken(), taken_before + 12);
        restore_torch_kernels();
        const auto restored = live();
        ASSERT_EQ(replaced.size(), before.size());
        for (std::size_t i = 0; i < before.size(); ++i) {
          EXPECT_TRUE(torch::allclose(replaced[i], before[i], 1e-4, 1e-4)) << i;
          EXPECT_TRUE(torch::equal(restored[i], before[i])) << i;
        }
      }
    }
  }
}

TEST_F(TorchKernelsTest, LayersLiveAsBeforeAndAreRestoredToTheBit) {
  expect_the_same_life<torch::nn::BatchNorm1d>({16, 7, 5});
  expect_the_same_life<torch::nn::BatchNorm2d>({8, 6, 5, 7});
  expect_the_same_life<torch::nn::BatchNorm3d>({4, 3, 5, 2, 3});
}

TEST_F(TorchKernelsTest, RunningStatisticsMoveWithoutANewVersion) {
  replace_torch_kernels();
  const Tensor mean = torch::zeros({3});
  const Tensor variance = torch::ones({3});
  const Tensor weight = torch::ones({3}).requires_grad_();
  const Tensor y =
      torch::batch_norm(torch::randn({9, 3}) + 5, weight, {}, mean, variance, true, 0.5, 1e-5, false);
  EXPECT_GT(mean.min().item<float>(), 1);
  EXPECT_EQ(mean._version(), 0);
  EXPECT_EQ(variance._version(), 0);
  EXPECT_NO_THROW(y.sum().backward());
}

TEST_F(TorchKernelsTest, AnEmptyBatchGivesWhatPyTorchGives) {
  const Tensor x = torch::zeros({0, 3, 2, 2}).requires_grad_();
  const Tensor ones = torch::ones({3});
  const auto observe = [&](bool training) {
    const Tensor y = torch::batch_norm(x, ones, ones, ones.clone(), ones.clone(), training, 0.1, 1e-5, false);
    return std::pair(y, torch::autograd::grad({y.sum()}, {x})[0]);
  };
  for (const bool training : {true, false}) {
    restore_torch_kernels();
    const auto before = observe(training);
    replace_torch_kernels();
    const auto replaced = observe(training);
    EXPECT_EQ(replaced.first.sizes(), before.first.sizes());
    EXPECT_EQ(replaced.second.sizes(), before.second.sizes());
  }
}

TEST_F(TorchKernelsTest, WrongArgumentsGetPyTorchsWords) {
  const Tensor x = torch::ones({2, 3, 2, 2});
  const Tensor three = torch::ones({3});
  const Tensor four = torch::ones({4});
  const auto words = [&](const Tensor& input, const Tensor& weight, const Tensor& mean, bool training) {
    try {
      torch::batch_norm(input, weight, {}, mean, mean, training, 0.1, 1e-5, false);
    } catch (const c10::Error& error) {
      // The first line: the dispatcher adds a list of who registered which kernel, and that has changed.
      const std::string message = error.what_without_backtrace();
      return message.substr(0, message.find('\n'));
    }
    return std::string("nothing was thrown");
  };
  const auto all_words = [&] {
    return std::vector<std::string>{words(x, three, four, true),
                                    words(x, four, three, true),
                                    words(x, three, {}, false),
                                    words(x.to(torch::kInt), three, three, true),
                                    words(x.to(torch::kDouble), three, three, true),
                                    words(x.to_sparse(), three, three, true)};
  };
  restore_torch_kernels();
  const auto before = all_words();
  EXPECT_THAT(before, ::testing::Each(::testing::Ne("nothing was thrown")));
  replace_torch_kernels();
  EXPECT_EQ(all_words(), before);
}

TEST_F(TorchKernelsTest, ThreadsComputeWhileOthersReplaceAndRestore) {
  torch::manual_seed(33);
  const Tensor x = torch::randn({8, 6, 10, 10});
  const Tensor weight = torch::rand({6}) + 0.5;
  const auto gradient = [&] {
    const Tensor leaf = x.detach().requires_grad_();
    const Tensor y = torch::batch_norm(leaf, weight, {}, {}, {}, true, 0.1, 1e-5, false);
    return torch::autograd::grad({y.pow(3).sum()}, {leaf})[0];
  };
  const Tensor expected = gradient();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) wrong += !torch::allclose(gradient(), expected, 1e-3, 1e-4);
    });
  }
  threads.emplace_back([] {
    for (int i = 0; i < 2000; ++i) i % 2 == 0 ? replace_torch_kernels() : restore_torch_kernels();
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(TorchKernelsTest, NothingIsCountedWhileRestored) {
  replace_torch_kernels();
  restore_torch_kernels();
  const TorchKernelCalls before = torch_kernel_calls();
  torch::nn::BatchNorm1d(3)(torch::randn({5, 3}));
  EXPECT_EQ(torch_kernel_calls().taken, before.taken);
  EXPECT_EQ(torch_kernel_calls().passed_on, before.passed_on);
}

}  // namespace
}  // namespace evenkeel::torch_kernels_test
