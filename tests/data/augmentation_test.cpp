#include "data/augmentation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

#include "data/batches.h"
#include "data/small_colours.h"

namespace evenkeel::data::augmentation_test {
namespace {

constexpr std::int64_t kSide = 32;
constexpr float kFill = -1;

// Every pixel has a value of its own, so that an altered plane says where each of its pixels was.
std::vector<float> numbered_plane() {
  std::vector<float> plane(kSide * kSide);
  std::iota(plane.begin(), plane.end(), 0.F);
  return plane;
}

std::vector<float> altered(const Alteration& alteration) {
  const auto plane = numbered_plane();
  std::vector<float> result(plane.size());
  alter(plane.data(), kSide, kSide, alteration, kFill, result.data());
  return result;
}

bool in_square(const Alteration& alteration, std::int64_t row, std::int64_t column) {
  return row >= alteration.cut_row && row < alteration.cut_row + kCutSide &&
         column >= alteration.cut_column && column < alteration.cut_column + kCutSide;
}

// The definition, one operation after the other: LibTorch's padding and flip, a crop, a square.
std::vector<float> expected(const Alteration& alteration) {
  namespace F = torch::nn::functional;
  auto plane = torch::tensor(numbered_plane()).reshape({1, 1, kSide, kSide});
  plane = F::pad(plane, F::PadFuncOptions({4, 4, 4, 4}).mode(torch::kReflect));
  plane = plane.narrow(2, 4 + alteration.down, kSide).narrow(3, 4 + alteration.right, kSide);
  if (alteration.flip) plane = plane.flip(3);
  plane = plane.clone();
  plane.narrow(2, alteration.cut_row, 8).narrow(3, alteration.cut_column, 8).fill_(kFill);
  return {plane.data_ptr<float>(), plane.data_ptr<float>() + plane.numel()};
}

TEST(AlterTest, IsMirroredPaddingThenACropThenAFlipThenACut) {
  for (const std::int64_t down : {-4, -1, 0, 3, 4})
    for (const std::int64_t right : {-4, 0, 2, 4})
      for (const bool flip : {false, true})
        for (const std::int64_t cut : {0, 11, 24}) {
          const Alteration alteration{down, right, flip, cut, 24 - cut};
          EXPECT_EQ(altered(alteration), expected(alteration)) << down << ' ' << right << ' ' << flip;
        }
}

TEST(AlterTest, WithoutAnythingToDoButTheCutThePictureStaysAsItIs) {
  const Alteration alteration{0, 0, false, 3, 5};
  const auto plane = numbered_plane();
  const auto result = altered(alteration);
  for (std::int64_t row = 0; row < kSide; ++row)
    for (std::int64_t column = 0; column < kSide; ++column) {
      const auto place = static_cast<std::size_t>(row * kSide + column);
      EXPECT_EQ(result[place], in_square(alteration, row, column) ? kFill : plane[place]);
    }
}

TEST(RandomAlterationTest, DependsOnSeedEpochAndPlaceAlone) {
  const auto draw = [](std::uint64_t seed, std::int64_t epoch, std::int64_t place) {
    const auto a = random_alteration(seed, epoch, place, kSide, kSide);
    return std::tuple(a.down, a.right, a.flip, a.cut_row, a.cut_column);
  };
  const auto draws = [&](std::uint64_t seed, std::int64_t epoch, std::int64_t first) {
    std::vector<decltype(draw(0, 0, 0))> all;
    for (std::int64_t i = 0; i < 8; ++i) all.push_back(draw(seed, epoch, first + i));
    return all;
  };
  EXPECT_EQ(draws(1, 2, 3), draws(1, 2, 3));
  EXPECT_NE(draws(1, 2, 3), draws(2, 2, 3));
  EXPECT_NE(draws(1, 2, 3), draws(1, 3, 3));
  EXPECT_NE(draws(1, 2, 3), draws(1, 2, 4));
  EXPECT_EQ(draw(1, 2, 4), draws(1, 2, 3)[1]);
}

// Counts of draws against their binomial distributions: five standard deviations of 20 000 draws.
TEST(RandomAlterationTest, EveryValueIsEquallyLikely) {
  constexpr std::int64_t kDraws = 20'000;
  std::array<std::int64_t, 9> down{}, right{};
  std::array<std::int64_t, 25> cut_row{}, cut_column{};
  std::array<std::int64_t, 2> flip{};
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const auto a = random_alteration(7, 0, i, kSide, kSide);
    ++down.at(static_cast<std::size_t>(a.down + 4));
    ++right.at(static_cast<std::size_t>(a.right + 4));
    ++flip.at(a.flip ? 1 : 0);
    ++cut_row.at(static_cast<std::size_t>(a.cut_row));
    ++cut_column.at(static_cast<std::size_t>(a.cut_column));
  }
  const auto expect_even = [](const auto& counts, const char* what) {
    const double p = 1.0 / static_cast<double>(counts.size());
    for (const auto count : counts)
      EXPECT_NEAR(static_cast<double>(count), kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p))) << what;
  };
  expect_even(down, "down");
  expect_even(right, "right");
  expect_even(flip, "flip");
  expect_even(cut_row, "cut_row");
  expect_even(cut_column, "cut_column");
}

TEST(AlteredBatchTest, EveryChannelIsAlteredAlikeAndHoldsValuesOfThePictureOrTheMeanAlone) {
  const auto pictures = testing::tints(6, 5);
  constexpr std::uint64_t kSeed = 1;
  const auto scale = measure_pixels(pictures, pictures.count);
  const BatchMaker make_batch(pictures, scale);
  const std::vector<std::int64_t> places{4, 1, 1, 5};
  const auto plain = make_batch(places);
  const auto batch = make_batch.altered(places, kSeed, /*epoch=*/3, /*first_place=*/10);
  EXPECT_TRUE(batch.labels.equal(plain.labels));
  EXPECT_FALSE(batch.pictures[1].equal(batch.pictures[2]));  // the same picture in two places
  for (std::int64_t i = 0; i < 4; ++i) {
    const auto alteration = random_alteration(kSeed, 3, 10 + i, kSide, kSide);
    for (std::int64_t channel = 0; channel < 3; ++channel) {
      const auto before = plain.pictures[i][channel].contiguous();
      const auto after = batch.pictures[i][channel].contiguous();
      std::vector<float> wanted(kSide * kSide);
      alter(before.data_ptr<float>(), kSide, kSide, alteration, 0, wanted.data());
      EXPECT_TRUE(after.flatten().equal(torch::tensor(wanted)));
      std::set<float> allowed(before.data_ptr<float>(), before.data_ptr<float>() + before.numel());
      allowed.insert(0);
      for (std::int64_t p = 0; p < after.numel(); ++p)
        ASSERT_TRUE(allowed.contains(after.data_ptr<float>()[p]));
    }
  }
}

}  // namespace
}  // namespace evenkeel::data::augmentation_test
