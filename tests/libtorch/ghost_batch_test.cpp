// Ghost batches: parts of a batch as batches of their own, and running statistics of the whole.
#include <gtest/gtest.h>

#include "evenkeel/evenkeel.h"
#include "libtorch/oracle.h"

namespace evenkeel::ghost_batch_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle

functional::BatchNormFuncOptions training() { return functional::BatchNormFuncOptions().training(true); }

struct Running {
  Tensor mean = torch::zeros({5}), variance = torch::ones({5});
};

// Every part by a call of its own.
Tensor part_by_part(const Tensor& x, const Sizes& sizes, const functional::BatchNormFuncOptions& options,
                    const Tensor& residual, const Tensor& mask) {
  std::vector<Tensor> outputs;
  std::int64_t first = 0;
  for (const std::int64_t size : sizes) {
    auto of_part = options;
    of_part.virtual_batch_size(std::nullopt);
    const auto part = [&](const Tensor& t) { return t.defined() ? t.slice(0, first, first + size) : t; };
    of_part.residual(part(residual)).mask(part(mask));
    outputs.push_back(functional::batch_norm(part(x), {}, {}, of_part));
    first += size;
  }
  return torch::cat(outputs);
}

struct Case {
  Sizes input;
  std::int64_t virtual_batch_size;
  Sizes parts;
};

const Case kCases[] = {{{8, 5, 3, 3}, 4, {4, 4}},
                       {{8, 5, 3, 3}, 3, {3, 3, 2}},
                       {{7, 5, 6}, 3, {3, 3, 1}},
                       {{7, 5}, 3, {3, 4}},
                       {{7, 5}, 2, {2, 2, 3}},
                       {{6, 5}, 6, {6}},
                       {{6, 5, 2}, 1, {1, 1, 1, 1, 1, 1}},
                       {{5, 5}, 4, {5}},
                       {{6, 5}, 99, {6}}};

TEST(GhostBatchTest, EqualsACallForEachPartAndMergesTheStatistics) {
  torch::manual_seed(60);
  for (const Case& one : kCases) {
    for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast, Layout::kChannelsOutermost}) {
      for (const bool masked : {false, true}) {
        SCOPED_TRACE(::testing::PrintToString(one.input) + name_of(layout) + (masked ? " masked" : ""));
        const Tensor x = lay_out(torch::randn(one.input), layout).requires_grad_();
        const Tensor residual = torch::randn(one.input).requires_grad_();
        const Tensor weight = torch::randn({5}).requires_grad_(), bias = torch::randn({5}).requires_grad_();
        const Tensor g = torch::randn(one.input);
        if (masked && one.virtual_batch_size == 1) continue;
        const Tensor mask = masked ? torch::rand({one.input[0]}) + 0.6 : Tensor();
        const auto options = training().weight(weight).bias(bias).activation(Activation::kReLU);
        auto ghost = options;
        ghost.virtual_batch_size(one.virtual_batch_size).residual(residual).mask(mask);
        const Running running, whole;
        const Tensor y = functional::batch_norm(x, running.mean, running.variance, ghost);
        const Tensor expected = part_by_part(x, one.parts, options, residual, mask);
        EXPECT_TRUE(torch::equal(y, expected));
        EXPECT_EQ(y.strides(), x.strides());
        const std::vector<Tensor> inputs{x, weight, bias, residual};
        const auto gradients = torch::autograd::grad({y}, inputs, {g});
        const auto expected_gradients = torch::autograd::grad({expected}, inputs, {g});
        for (std::size_t k = 0; k < inputs.size(); ++k) {
          // Gradients of parameters are sums over the parts, in any order.
          EXPECT_TRUE(torch::allclose(gradients[k], expected_gradients[k], 1e-5, 1e-5)) << k;
        }
        functional::batch_norm(x.detach(), whole.mean, whole.variance, training().mask(mask));
        EXPECT_TRUE(torch::allclose(running.mean, whole.mean, 1e-6, 1e-7));
        EXPECT_TRUE(torch::allclose(running.variance, whole.variance, 1e-6, 1e-7));
      }
    }
  }
}

TEST(GhostBatchTest, RenormalizationTakesEachPartByItself) {
  torch::manual_seed(61);
  const Tensor x = torch::randn({6, 5, 4});
  const BatchRenormalization limits{.r_max = 1.3, .d_max = 0.4};
  const Running running;
  const Tensor y = functional::batch_norm(x, running.mean, running.variance,
                                          training().virtual_batch_size(3).renormalization(limits));
  std::vector<Tensor> parts;
  for (const Tensor& part : x.split(3)) {
    const Running fresh;
    parts.push_back(
        functional::batch_norm(part, fresh.mean, fresh.variance, training().renormalization(limits)));
  }
  EXPECT_TRUE(torch::equal(y, torch::cat(parts)));
}

TEST(GhostBatchTest, DoubleBackwardIsThatOfTheParts) {
  torch::manual_seed(62);
  const Tensor x = torch::randn({6, 5}, torch::kDouble).requires_grad_();
  const Tensor g = torch::randn({6, 5}, torch::kDouble);
  const auto second = [&](const Tensor& y) {
    const Tensor first = torch::autograd::grad({y}, {x}, {g}, true, true)[0];
    return torch::autograd::grad({first.square().sum()}, {x})[0];
  };
  EXPECT_TRUE(torch::allclose(second(functional::batch_norm(x, {}, {}, training().virtual_batch_size(3))),
                              second(part_by_part(x, {3, 3}, training(), {}, {})), 1e-12, 1e-12));
}

TEST(GhostBatchTest, EvaluationAndTheEmptyBatchHaveNoParts) {
  torch::manual_seed(63);
  BatchNorm2d norm(BatchNormOptions(5).virtual_batch_size(2));
  EXPECT_EQ(norm(torch::empty({0, 5, 3, 3})).size(0), 0);
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 0);
  norm(torch::randn({6, 5, 3, 3}));
  EXPECT_EQ(norm->num_batches_tracked.item<int>(), 1);
  norm->eval();
  const Tensor x = torch::randn({6, 5, 3, 3});
  const auto plain = functional::BatchNormFuncOptions().weight(norm->weight).bias(norm->bias);
  EXPECT_TRUE(torch::equal(norm(x), functional::batch_norm(x, norm->running_mean, norm->running_var, plain)));
}

TEST(GhostBatchTest, AResidualIsLeftAlone) {
  torch::manual_seed(64);
  const torch::NoGradGuard no_graph;
  const Tensor x = torch::randn({6, 5}), residual = torch::randn({6, 5});
  const Tensor before = residual.clone();
  functional::batch_norm(x, {}, {}, training().virtual_batch_size(3).residual(residual).inplace(true));
  EXPECT_TRUE(torch::equal(residual, before));
}

TEST(GhostBatchErrorTest, BadPartsAreOneClearLine) {
  const auto message = [](const Tensor& x, const functional::BatchNormFuncOptions& options) -> std::string {
    try {
      functional::batch_norm(x, {}, {}, options);
    } catch (const c10::Error& error) {
      return error.what_without_backtrace();
    }
    return "nothing was thrown";
  };
  const Tensor x = torch::randn({4, 5});
  EXPECT_EQ(message(x, training().virtual_batch_size(0)),
            "[batch_norm] expected virtual_batch_size of at least 1, got 0");
  EXPECT_EQ(message(x, training().virtual_batch_size(1)),
            "[batch_norm] expected virtual_batch_size with more than 1 value per channel, got 1 for input "
            "size [4, 5]");
  const Tensor mask = torch::tensor({true, true, true, false});
  EXPECT_EQ(
      message(x, training().virtual_batch_size(2).mask(mask)),
      "Expected more than 1 value per channel when training, got a mask of sum 1 for input size [2, 5]");
}

}  // namespace
}  // namespace evenkeel::ghost_batch_test
