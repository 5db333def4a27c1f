#include "data/digits.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "data/digit_shapes.h"
#include "data/linear_model.h"

namespace evenkeel::data::digits_test {
namespace {

constexpr std::size_t kPixels = std::size_t{28} * 28;

const DataSet& digits() {
  static const DataSet set = draw_digits();
  return set;
}

unsigned long checksum(const Pictures& pictures) {
  const unsigned long crc = crc32(0, pictures.pixels.data(), static_cast<unsigned>(pictures.pixels.size()));
  return crc32(crc, pictures.labels.data(), static_cast<unsigned>(pictures.labels.size()));
}

// Accuracies reported by people on different machines are of the same pictures only while these hold.
TEST(DigitsTest, PixelsAndLabelsAreTheSameOnEveryMachine) {
  EXPECT_EQ(checksum(digits().train), 1965747873u);
  EXPECT_EQ(checksum(digits().test), 2441395742u);
}

TEST(DigitsTest, SizesAreAsDocumentedAndEveryDigitIsEquallyFrequent) {
  for (const Pictures* part : {&digits().train, &digits().test}) {
    EXPECT_EQ(part->count, part == &digits().train ? 12000 : 2000);
    EXPECT_EQ(part->rows, 28);
    EXPECT_EQ(part->columns, 28);
    EXPECT_EQ(part->pixels.size(), static_cast<std::size_t>(part->count) * kPixels);
    ASSERT_EQ(part->labels.size(), static_cast<std::size_t>(part->count));
    for (int digit = 0; digit < 10; ++digit) {
      EXPECT_EQ(std::count(part->labels.begin(), part->labels.end(), digit), part->count / 10) << digit;
    }
  }
}

TEST(DigitsTest, NoPictureComesTwice) {
  std::set<std::string_view> seen;
  for (const Pictures* part : {&digits().train, &digits().test}) {
    const auto* pixels = reinterpret_cast<const char*>(part->pixels.data());
    for (std::int64_t i = 0; i < part->count; ++i)
      seen.insert({pixels + static_cast<std::size_t>(i) * kPixels, kPixels});
  }
  EXPECT_EQ(seen.size(), 14000u);
}

TEST(DigitsTest, EveryPictureHasADigitsShareOfInk) {
  for (const Pictures* part : {&digits().train, &digits().test}) {
    for (std::int64_t i = 0; i < part->count; ++i) {
      const auto* first = &part->pixels[static_cast<std::size_t>(i) * kPixels];
      const auto ink = std::count_if(first, first + kPixels, [](std::uint8_t pixel) { return pixel > 70; });
      ASSERT_GE(ink, 12) << "picture " << i;
      ASSERT_LE(ink, 28 * 28 / 2) << "picture " << i;
    }
  }
}

TEST(DigitsTest, EveryDigitIsWrittenInSeveralWaysInsideItsBox) {
  for (int digit = 0; digit < 10; ++digit) {
    EXPECT_GE(glyphs_of(digit).size(), 4u) << digit;
    for (const Glyph& glyph : glyphs_of(digit)) {
      for (const Stroke& stroke : glyph) {
        EXPECT_GE(stroke.size(), 2u) << digit;
        for (const Point p : stroke) {
          EXPECT_LE(std::abs(p.x), 35) << digit;
          EXPECT_LE(std::abs(p.y), 55) << digit;
        }
      }
    }
  }
}

// The task must be worth a convolutional network: far from chance, yet not linear.
TEST(DigitsTest, ALinearModelLearnsTheDigitsButNotWell) {
  const double accuracy = linear_accuracy(digits());
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GT(accuracy, 0.60);
  EXPECT_LT(accuracy, 0.95);
}

}  // namespace
}  // namespace evenkeel::data::digits_test
