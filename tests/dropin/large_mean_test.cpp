// Inputs whose mean is large against their deviations: nothing is lost but what the dtype of a result cannot hold.
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <tuple>

#include "dropin/numerics.h"
#include "evenkeel/torch_kernels.h"

namespace evenkeel::large_mean_test {
namespace {

using namespace numerics;  // NOLINT(google-build-using-namespace): what is compared
using testing::Layout;

// Whether this LibTorch has batch norms of halves on the CPU.
bool torch_has(torch::Dtype dtype) {
  return dtype == torch::kFloat || dtype == torch::kDouble || TORCH_VERSION_MAJOR >= 2;
}

class LargeMeanTest : public ::testing::TestWithParam<std::tuple<Layout, torch::Dtype>> {
 protected:
  ~LargeMeanTest() override { restore_torch_kernels(); }
};

// `rounding` is that of what is computed with, `storing` that of the dtype that outputs have. A sum of m summands in short
// blocks loses a few roundings of each summand; against the root of their squares that is sqrt(m) times as much at most.
void expect_exact(const Batch& batch, const Results& got, double mean) {
  SCOPED_TRACE(::testing::Message() << "mean of " << mean << " deviations");
  const torch::Dtype dtype = batch.input.scalar_type();
  const double storing = epsilon_of(dtype);
  const double rounding = std::min(storing, epsilon_of(torch::kFloat));
  const double count = static_cast<double>(batch.input.numel()) / static_cast<double>(batch.input.size(1));
  // In float64 the mean itself is a float64.
  const double of_mean = dtype == torch::kDouble ? 2 * mean * rounding : 0;
  const Errors errors = errors_of(batch, got);
  EXPECT_LE(errors.output, storing + 16 * rounding + of_mean);
  EXPECT_LE(errors.grad_input, storing + 16 * rounding + of_mean);
  EXPECT_LE(errors.grad_weight, (8 * rounding + of_mean) * std::sqrt(count));
  EXPECT_LE(errors.grad_bias, 8 * rounding * std::sqrt(count));
  EXPECT_LE(errors.mean, 4 * rounding);
  EXPECT_LE(errors.variance, 16 * rounding + 2 * of_mean);
}

TEST_P(LargeMeanTest, LayersLoseNothing) {
  const auto [layout, dtype] = GetParam();
  for (const double mean : means_for(dtype)) {
    const Batch batch = Batch::draw(mean, dtype, layout);
    expect_exact(batch, results_of(batch, by_layer), mean);
  }
}

TEST_P(LargeMeanTest, ReplacedOperatorsLoseNothing) {
  const auto [layout, dtype] = GetParam();
  if (!torch_has(dtype)) return;  // there it throws, replaced or not
  replace_torch_kernels();
  const auto before = torch_kernel_calls();
  for (const double mean : means_for(dtype)) {
    const Batch batch = Batch::draw(mean, dtype, layout);
    expect_exact(batch, results_of(batch, by_operator), mean);
  }
  EXPECT_EQ(torch_kernel_calls().passed_on, before.passed_on);
}

// Memory of the caller, a copy, and PyTorch's own forward hold the mean in float32 alone.
TEST_P(LargeMeanTest, BackwardKnowsTheMeanWhoeverSavedIt) {
  const auto [layout, dtype] = GetParam();
  if (!torch_has(dtype)) return;
  for (const bool by_torch : {false, true}) {
    for (const double mean : means_for(dtype)) {
      const Batch batch = Batch::draw(mean, dtype, layout);
      Results got = results_of(batch, by_layer);
      if (!by_torch) replace_torch_kernels();
      const auto [output, save_mean, save_invstd] =
          at::native_batch_norm(batch.input, batch.weight, batch.bias, got.mean, got.variance, true, 1, kEps);
      replace_torch_kernels();
      std::tie(got.grad_input, got.grad_weight, got.grad_bias) =
          at::native_batch_norm_backward(batch.grad_output, batch.input, batch.weight, got.mean, got.variance,
                                         save_mean.clone(), save_invstd, true, kEps, {true, true, true});
      restore_torch_kernels();
      // PyTorch's deviations in channels last come from sums in float32.
      if (!by_torch) expect_exact(batch, got, mean);
      if (by_torch && dtype == torch::kFloat && layout == Layout::kContiguous && mean <= 1e4) {
        EXPECT_LE(errors_of(batch, got).grad_weight, 1e-4) << mean;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, LargeMeanTest,
                         ::testing::Combine(::testing::Values(Layout::kContiguous, Layout::kChannelsLast),
                                            ::testing::Values(torch::kFloat, torch::kDouble, torch::kBFloat16,
                                                              torch::kHalf)),
                         [](const auto& info) {
                           return std::string(testing::name_of(std::get<0>(info.param))) +
                                  toString(std::get<1>(info.param));
                         });

TEST(SavedMeanTest, AnotherMeanIsDifferentiatedAtAsItStands) {
  const Batch batch = Batch::draw(1e6, torch::kFloat, Layout::kContiguous);
  const auto gradients = [&](const Tensor& save_mean) {
    return at::native_batch_norm_backward(batch.grad_output, batch.input, batch.weight, {}, {}, save_mean,
                                          torch::ones({6}), true, kEps, {true, true, true});
  };
  const Tensor elsewhere = batch.input.mean({0, 2, 3}) - 100;
  const auto theirs = gradients(elsewhere);
  replace_torch_kernels();
  const auto ours = gradients(elsewhere);
  restore_torch_kernels();
  EXPECT_TRUE(torch::allclose(std::get<1>(ours), std::get<1>(theirs), 1e-4));
  EXPECT_TRUE(torch::allclose(std::get<0>(ours), std::get<0>(theirs), 1e-4, 1e-3));
}

TEST(SavedMeanTest, LooksLikePyTorchsAndOverwritingItCounts) {
  replace_torch_kernels();
  const Batch batch = Batch::draw(1e6, torch::kFloat, Layout::kContiguous);
  const auto saved = at::native_batch_norm(batch.input, batch.weight, batch.bias, {}, {}, true, 1, kEps);
  const Tensor save_mean = std::get<1>(saved);
  EXPECT_EQ(save_mean.sizes(), (std::vector<std::int64_t>{6}));
  EXPECT_TRUE(save_mean.is_contiguous());
  EXPECT_FALSE(save_mean.is_view());
  const auto weight_gradient = [&](const Tensor& mean) {
    return std::get<1>(at::native_batch_norm_backward(batch.grad_output, batch.input, batch.weight, {}, {},
                                                      mean, std::get<2>(saved), true, kEps,
                                                      {true, true, true}));
  };
  save_mean.sub_(1000);
  EXPECT_TRUE(torch::equal(weight_gradient(save_mean), weight_gradient(save_mean.clone())));
  restore_torch_kernels();
}

}  // namespace
}  // namespace evenkeel::large_mean_test
