// The fuzzers' entry points in the normal tests: every seed is accepted, and what becomes of it by random changes is
// accepted or refused in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fuzz/entry_points.h"

namespace evenkeel::fuzz::seeds_test {
namespace {

class SeedsTest : public ::testing::TestWithParam<Target> {};

std::string changed(std::string bytes, std::mt19937& random) {
  for (auto changes = random() % 4 + 1; changes > 0 && !bytes.empty(); --changes) {
    const auto place = random() % bytes.size();
    switch (random() % 3) {
      case 0:
        bytes[place] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(place, random() % 8);
        break;
      default:
        bytes.insert(place, bytes.substr(random() % bytes.size(), random() % 8));
    }
  }
  return bytes;
}

TEST_P(SeedsTest, EverySeedIsAccepted) {
  const auto all = seeds(GetParam().name);
  ASSERT_FALSE(all.empty());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(GetParam().read(all[i])) << "seed " << i;
}

TEST_P(SeedsTest, ChangedBytesGiveAValueOrOneLine) {
  std::mt19937 random(11);
  int refused = 0;
  for (const auto& seed : seeds(GetParam().name)) {
    for (int i = 0; i < 500; ++i) {
      auto bytes = changed(seed, random);
      if (GetParam().name == "archive")
        repair_checksums(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
      bool accepted = false;
      ASSERT_NO_THROW(accepted = GetParam().read(bytes));
      refused += accepted ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 100);
}

INSTANTIATE_TEST_SUITE_P(Fuzz, SeedsTest, ::testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RepairChecksumsTest, AChangedByteReachesTheReader) {
  auto bytes = seeds("archive").front();
  const auto place = bytes.find("running_mean");
  ASSERT_NE(place, std::string::npos);
  bytes[place] = 'R';
  EXPECT_FALSE(read_archive(bytes));
  repair_checksums(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  EXPECT_TRUE(read_archive(bytes));
}

}  // namespace
}  // namespace evenkeel::fuzz::seeds_test
