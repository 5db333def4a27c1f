// Where values lie, who computes them, and that neither changes a bit.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

#include "evenkeel/evenkeel.h"
#include "libtorch/executor.h"
#include "libtorch/kernel_calls.h"
#include "libtorch/oracle.h"

namespace evenkeel::layout_test {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the oracle
using kernels::Geometry;

Geometry geometry_in(const Sizes& sizes, Layout layout) {
  return libtorch::geometry_of(lay_out(torch::zeros(sizes), layout));
}

TEST(GeometryTest, EveryDenseLayoutIsDescribedByItsStrides) {
  EXPECT_EQ(geometry_in({6, 3}, Layout::kContiguous), (Geometry{6, 3, 1}));
  EXPECT_EQ(geometry_in({6, 3}, Layout::kReversed), (Geometry{1, 3, 6}));
  EXPECT_EQ(geometry_in({6, 3, 4, 5}, Layout::kContiguous), (Geometry{6, 3, 20}));
  EXPECT_EQ(geometry_in({6, 3, 4, 5}, Layout::kChannelsLast), (Geometry{120, 3, 1}));
  EXPECT_EQ(geometry_in({6, 3, 4, 5}, Layout::kChannelsOutermost), (Geometry{1, 3, 120}));
  EXPECT_EQ(geometry_in({6, 3, 4, 5}, Layout::kReversed), (Geometry{20, 3, 6}));
  EXPECT_EQ(geometry_in({6, 3, 2, 4, 5}, Layout::kChannelsLast), (Geometry{240, 3, 1}));
  // W and N around the channels: (W, N) outside, (D, H) inside.
  const Tensor mixed = torch::zeros({5, 6, 3, 2, 4}).permute({1, 2, 3, 4, 0});
  EXPECT_EQ(libtorch::geometry_of(mixed), (Geometry{30, 3, 8}));
}

TEST(GeometryTest, DimensionsOfSizeOneMayHaveAnyStride) {
  const auto of = [](const Sizes& sizes, const Sizes& strides) {
    const Tensor x = torch::zeros({64}).as_strided(sizes, strides);
    EXPECT_TRUE(libtorch::dense(x).is_same(x));
    return libtorch::geometry_of(x);
  };
  EXPECT_EQ(of({1, 4, 2, 2}, {999, 4, 2, 1}), (Geometry{1, 4, 4}));
  EXPECT_EQ(of({3, 4, 1, 1}, {4, 1, 77, 99}), (Geometry{3, 4, 1}));
  EXPECT_EQ(of({3, 1, 2, 2}, {4, 77, 2, 1}), (Geometry{1, 1, 12}));
  EXPECT_EQ(of({1, 1, 1, 5}, {0, 0, 0, 1}), (Geometry{1, 1, 5}));
}

TEST(LayoutTest, DenseInputIsNotCopiedAndTheRestIsCopiedOnce) {
  const Tensor x = torch::randn({4, 3, 5, 6});
  for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast, Layout::kChannelsOutermost,
                              Layout::kReversed, Layout::kMisaligned}) {
    const Tensor laid = lay_out(x, layout);
    EXPECT_TRUE(libtorch::dense(laid).is_same(laid)) << name_of(layout);
  }
  EXPECT_TRUE(libtorch::dense(lay_out(x, Layout::kSliced)).is_contiguous());
  EXPECT_TRUE(libtorch::dense(torch::randn({1, 3, 1, 1}).expand({2, 3, 4, 4})).is_contiguous());
  EXPECT_FALSE(libtorch::dense(lay_out(x, Layout::kNegated)).is_neg());
}

TEST(LayoutTest, ExpandedInputGivesTheGradientOfItsSource) {
  const Tensor source = torch::randn({1, 3, 4, 4}, torch::kDouble).requires_grad_();
  const Tensor x = source.expand({2, 3, 4, 4});
  const Tensor g = torch::randn({2, 3, 4, 4}, torch::kDouble);
  const auto options = functional::BatchNormFuncOptions().training(true);
  const Tensor got = torch::autograd::grad({functional::batch_norm(x, {}, {}, options)}, {source}, {g})[0];
  const Tensor expected = torch::autograd::grad({formula_training(x, {}, {}, 1e-5)}, {source}, {g})[0];
  EXPECT_TRUE(torch::allclose(got, expected, 1e-12, 1e-13));
}

// Everything a training step computes, as one list.
std::vector<Tensor> training_step(const Tensor& input, Activation activation) {
  BatchNorm2d norm(BatchNormOptions(input.size(1)).activation(activation));
  const Tensor x = input.detach().requires_grad_();
  const Tensor y = activation == Activation::kNone ? norm(x) : norm(x, x * -0.5);
  torch::manual_seed(9);
  const auto gradients =
      torch::autograd::grad({y}, {x, norm->weight, norm->bias}, {torch::randn(y.sizes(), y.options())});
  return {y, norm->running_mean, norm->running_var, gradients[0], gradients[1], gradients[2]};
}

TEST(ReproducibilityTest, SameBitsForAnyNumberOfThreadsAndForRepeatedRuns) {
  const int threads_before = at::get_num_threads();
  torch::manual_seed(10);
  for (const Sizes& sizes : {Sizes{32, 24, 28, 28}, Sizes{2, 300, 33, 17}, Sizes{1, 2, 600, 601}}) {
    for (const Layout layout : {Layout::kContiguous, Layout::kChannelsLast, Layout::kChannelsOutermost}) {
      const Tensor drawn = lay_out(torch::randn(sizes) + 3, layout);
      for (const auto& [dtype, activation] :
           {std::pair(torch::kFloat, Activation::kNone), std::pair(torch::kFloat, Activation::kReLU),
            std::pair(torch::kBFloat16, Activation::kLeakyReLU)}) {
        const Tensor x = drawn.to(dtype);
        at::set_num_threads(1);
        const auto expected = training_step(x, activation);
        for (const int threads : {1, 2, 3, 4, 7}) {
          at::set_num_threads(threads);
          const auto seen = training_step(x, activation);
          for (std::size_t i = 0; i < seen.size(); ++i) {
            EXPECT_TRUE(torch::equal(seen[i], expected[i]))
                << name_of(layout) << name_of(activation) << ", threads " << threads << ", result " << i;
          }
        }
      }
    }
  }
  at::set_num_threads(threads_before);
}

TEST(ReproducibilityTest, LayersInEvaluationMayBeCalledFromSeveralThreads) {
  BatchNorm2d norm(8);
  norm->eval();
  const Tensor x = torch::randn({16, 8, 14, 14});
  const Tensor expected = norm(x);
  std::vector<std::thread> threads;
  std::atomic<int> different{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) different += torch::equal(norm(x), expected) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

// The ranges of one parallel_for, in order, and the threads that ran them.
struct Ranges {
  std::set<std::pair<std::int64_t, std::int64_t>> ranges;
  std::set<std::thread::id> threads;

  explicit Ranges(std::int64_t count) {
    std::mutex mutex;
    libtorch::executor().parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
      const std::lock_guard lock(mutex);
      ranges.emplace(begin, end);
      threads.insert(std::this_thread::get_id());
    });
  }
};

TEST(TorchExecutorTest, UsesLibTorchsThreadsWithTheSameContiguousRangesEachTime) {
  const int threads_before = at::get_num_threads();
  at::set_num_threads(3);
  EXPECT_EQ(libtorch::executor().concurrency(), 3);
  const Ranges first(10);
  EXPECT_THAT(first.ranges, ::testing::ElementsAre(std::pair(0, 3), std::pair(3, 6), std::pair(6, 10)));
  EXPECT_EQ(first.threads.size(), 3U);
  EXPECT_EQ(Ranges(10).ranges, first.ranges);
  EXPECT_THAT(Ranges(2).ranges, ::testing::ElementsAre(std::pair(0, 1), std::pair(1, 2)));
  EXPECT_TRUE(Ranges(0).ranges.empty());
  at::set_num_threads(threads_before);
}

TEST(TorchExecutorTest, RunsSeriallyInsideAParallelRegion) {
  const int threads_before = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  int inside = 0;
  libtorch::executor().parallel_for(2, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(libtorch::executor().concurrency(), 1);
    EXPECT_THAT(Ranges(10).ranges, ::testing::ElementsAre(std::pair(0, 10)));
    ++inside;
  });
  EXPECT_EQ(inside, 2);
  at::set_num_threads(threads_before);
}

}  // namespace
}  // namespace evenkeel::layout_test
