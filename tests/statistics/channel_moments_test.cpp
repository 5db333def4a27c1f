#include "evenkeel/channel_moments.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>

namespace evenkeel::channel_moments_test {
namespace {

using torch::Tensor;

// [C, m] in float64: all values of each channel in a row.
Tensor rows(const Tensor& input) { return input.to(torch::kDouble).transpose(0, 1).flatten(1); }

double relative_error(const Tensor& found, const Tensor& expected) {
  return ((found - expected).abs() / expected.abs()).max().item<double>();
}

std::vector<Tensor> batches_of_any_size() {
  std::vector<Tensor> batches;
  for (const std::int64_t n : {3, 1, 64, 7, 0, 128}) batches.push_back(torch::randn({n, 5, 4, 3}) * 3 + 100);
  return batches;
}

// The bits of everything it holds.
bool same_bits(const ChannelMoments& a, const ChannelMoments& b) {
  return torch::equal(a.count(), b.count()) && torch::equal(a.mean(), b.mean()) &&
         torch::equal(a.m2(), b.m2());
}

TEST(ChannelMomentsTest, AreThoseOfTheDefinitionInEveryDtypeAndLayout) {
  torch::manual_seed(1);
  for (const auto dtype : {torch::kFloat, torch::kDouble, torch::kBFloat16, torch::kHalf}) {
    const Tensor base = (torch::randn({6, 5, 4, 3}) * 2 + 10).to(dtype);
    for (const Tensor& input : {base, base.contiguous(torch::MemoryFormat::ChannelsLast), base.slice(3, 0, 2),
                                base.transpose(0, 2), base.flatten(2), base.flatten(1)}) {
      const ChannelMoments moments = ChannelMoments::of(input);
      const Tensor values = rows(input);
      EXPECT_TRUE(moments.count().eq(values.size(1)).all().item<bool>());
      // The kernels' contract for float sums: 1e-6.
      EXPECT_LT(relative_error(moments.mean(), values.mean(1)), 1e-6) << input.sizes() << dtype;
      EXPECT_LT(relative_error(moments.variance(RunningVariance::kBiased), values.var(1, false)), 1e-6);
      EXPECT_LT(relative_error(moments.variance(RunningVariance::kUnbiased), values.var(1, true)), 1e-6);
    }
  }
}

TEST(ChannelMomentsTest, MergedBatchesAreTheMomentsOfAllValuesTogether) {
  torch::manual_seed(2);
  ChannelMoments seen(5);
  const auto batches = batches_of_any_size();
  for (const Tensor& batch : batches) seen.merge(ChannelMoments::of(batch.to(torch::kDouble)));
  const Tensor all = rows(torch::cat(batches));
  EXPECT_TRUE(seen.count().eq(all.size(1)).all().item<bool>());
  // In float64 throughout: some roundings of 2e-16.
  EXPECT_LT(relative_error(seen.mean(), all.mean(1)), 1e-14);
  EXPECT_LT(relative_error(seen.variance(RunningVariance::kUnbiased), all.var(1, true)), 1e-12);
}

TEST(ChannelMomentsTest, MergingIsAssociativeAndCommutativeUpToRounding) {
  torch::manual_seed(3);
  const auto a = ChannelMoments::of(torch::randn({9, 4}));
  const auto b = ChannelMoments::of(torch::randn({100, 4}) + 50);
  const auto c = ChannelMoments::of(torch::randn({2, 4}) * 20);
  ChannelMoments left = a;
  left.merge(b);
  left.merge(c);
  ChannelMoments right = c;
  ChannelMoments inner = b;
  inner.merge(a);
  right.merge(inner);
  EXPECT_LT(relative_error(left.mean(), right.mean()), 1e-14);
  EXPECT_LT(relative_error(left.m2(), right.m2()), 1e-14);
}

TEST(ChannelMomentsTest, MergedPartsHaveTheSameBitsInAnyOrder) {
  torch::manual_seed(4);
  std::vector<ChannelMoments> parts;
  for (int i = 0; i < 37; ++i) parts.push_back(ChannelMoments::of(torch::randn({1 + i % 5, 6}) * (i + 1)));
  parts.emplace_back(6);  // one that saw nothing
  const ChannelMoments first = ChannelMoments::merged(parts, 6);
  std::mt19937 random(5);
  bool running_merge_differs = false;
  for (int round = 0; round < 20; ++round) {
    std::shuffle(parts.begin(), parts.end(), random);
    EXPECT_TRUE(same_bits(ChannelMoments::merged(parts, 6), first));
    ChannelMoments one_by_one(6);
    for (const auto& part : parts) one_by_one.merge(part);
    running_merge_differs |= !same_bits(one_by_one, first);
    EXPECT_LT(relative_error(one_by_one.m2(), first.m2()), 1e-13);
  }
  EXPECT_TRUE(running_merge_differs);  // or the test would show nothing
  EXPECT_EQ(ChannelMoments::merged({}, 6).count().sum().item<double>(), 0);
}

TEST(ChannelMomentsTest, NothingSeenAddsNothingAndHasNoVariance) {
  const auto some = ChannelMoments::of(torch::randn({9, 4}));
  ChannelMoments sum(4);
  sum.merge(some);
  EXPECT_TRUE(same_bits(sum, some));
  sum.merge(ChannelMoments(4));
  sum.merge(ChannelMoments::of(torch::empty({0, 4})));
  EXPECT_TRUE(same_bits(sum, some));
  EXPECT_TRUE(ChannelMoments(4).variance(RunningVariance::kBiased).isnan().all().item<bool>());
  const auto one = ChannelMoments::of(torch::randn({1, 4}));
  EXPECT_TRUE(one.variance(RunningVariance::kUnbiased).isnan().all().item<bool>());
  EXPECT_TRUE(one.variance(RunningVariance::kBiased).eq(0).all().item<bool>());
}

TEST(ChannelMomentsTest, ComeBackFromEitherVariance) {
  const auto moments = ChannelMoments::of(torch::randn({9, 4}, torch::kDouble));
  for (const auto kind : {RunningVariance::kBiased, RunningVariance::kUnbiased}) {
    const auto back =
        ChannelMoments::from_variance(moments.count(), moments.mean(), moments.variance(kind), kind);
    EXPECT_LT(relative_error(back.m2(), moments.m2()), 1e-15);
    EXPECT_TRUE(torch::equal(back.mean(), moments.mean()));
  }
  const ChannelMoments none(4);
  EXPECT_TRUE(same_bits(
      none, ChannelMoments::from_variance(none.count(), none.mean(), none.variance(RunningVariance::kBiased),
                                          RunningVariance::kBiased)));
}

TEST(ChannelMomentsTest, OfAMaskAreThoseOfWhatItLetsThrough) {
  torch::manual_seed(6);
  Tensor input = torch::randn({6, 5, 7}) * 2 + 3;
  const Tensor mask = torch::rand({6, 7}) > 0.4;
  const Tensor kept = input.transpose(1, 2).index({mask}).to(torch::kDouble);  // [values, C]
  input.masked_fill_(mask.logical_not().unsqueeze(1), std::nan(""));           // padding may hold anything
  for (const Tensor& form : {mask, mask.unsqueeze(1), mask.to(torch::kFloat)}) {
    const auto moments = ChannelMoments::of(input, form);
    EXPECT_TRUE(moments.count().eq(kept.size(0)).all().item<bool>());
    EXPECT_LT(relative_error(moments.mean(), kept.mean(0)), 1e-6);
    EXPECT_LT(relative_error(moments.variance(RunningVariance::kUnbiased), kept.var(0, true)), 1e-6);
  }
  // A weight of 2 counts like the value twice.
  const Tensor values = torch::randn({8, 5});
  const Tensor weights = torch::tensor({1.F, 2.F, 0.F, 1.F, 3.F, 1.F, 1.F, 0.F});
  const Tensor repeated = values.repeat_interleave(weights.to(torch::kLong), 0);
  const auto weighted = ChannelMoments::of(values, weights);
  const auto plain = ChannelMoments::of(repeated);
  EXPECT_TRUE(torch::equal(weighted.count(), plain.count()));
  EXPECT_TRUE(torch::allclose(weighted.mean(), plain.mean(), 1e-6, 1e-6));
  EXPECT_LT(relative_error(weighted.m2(), plain.m2()), 1e-6);
  EXPECT_EQ(ChannelMoments::of(values, torch::zeros({8})).count().sum().item<double>(), 0);
  EXPECT_THROW(ChannelMoments::of(values, torch::zeros({7})), c10::Error);
}

TEST(ChannelMomentsTest, ACopySharesNothing) {
  const auto original = ChannelMoments::of(torch::randn({9, 4}));
  ChannelMoments copy = original;
  copy.merge(ChannelMoments::of(torch::randn({9, 4})));
  EXPECT_EQ(original.count()[0].item<double>(), 9);
  copy = original;
  EXPECT_TRUE(same_bits(copy, original));
}

TEST(ChannelMomentsTest, NotFiniteValuesShowInTheirChannelAlone) {
  Tensor input = torch::randn({9, 3});
  input[4][1] = std::nan("");
  ChannelMoments moments = ChannelMoments::of(input);
  moments.merge(ChannelMoments::of(torch::randn({9, 3})));
  const Tensor finite = torch::isfinite(moments.m2());
  EXPECT_TRUE(finite[0].item<bool>() && !finite[1].item<bool>() && finite[2].item<bool>());
}

TEST(ChannelMomentsTest, FilesGiveTheSameBitsBackAndBadOnesAreRefused) {
  const auto moments = ChannelMoments::of(torch::randn({9, 4}));
  std::stringstream file;
  torch::save(moments, file);
  ChannelMoments read;
  torch::load(read, file);
  EXPECT_TRUE(same_bits(read, moments));

  const auto refused = [&](const Tensor& count, const Tensor& mean) {
    torch::serialize::OutputArchive archive;
    archive.write("count", count);
    archive.write("mean", mean);
    archive.write("m2", torch::ones({4}, torch::kDouble));
    std::stringstream bad;
    archive.save_to(bad);
    EXPECT_THROW(torch::load(read, bad), c10::Error);
    EXPECT_TRUE(same_bits(read, moments));
  };
  refused(moments.count(), torch::zeros({3}, torch::kDouble));
  refused(moments.count(), torch::zeros({4}, torch::kFloat));
  refused(-moments.count(), moments.mean());
}

TEST(ChannelMomentsTest, MistakesAreNamed) {
  ChannelMoments moments(3);
  EXPECT_THROW(moments.merge(ChannelMoments(4)), c10::Error);
  EXPECT_THROW(ChannelMoments::merged({ChannelMoments(3)}, 4), c10::Error);
  EXPECT_THROW(ChannelMoments::of(torch::randn({3})), c10::Error);
  EXPECT_THROW(ChannelMoments::of(torch::ones({3, 3}, torch::kLong)), c10::Error);
  EXPECT_THROW(ChannelMoments::of(Tensor()), c10::Error);
}

}  // namespace
}  // namespace evenkeel::channel_moments_test
