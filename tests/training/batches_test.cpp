#include "data/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "data/small_digits.h"

namespace evenkeel::data::batches_test {
namespace {

PixelScale scale() { return {{0.25}, {0.5}}; }

TEST(BatchesTest, EveryPictureComesOnceInItsOrderAndTheLastBatchMayBeSmaller) {
  const auto pictures = testing::squares(23, 1);
  const auto order = shuffled_order(23, 7, 2);
  const Batches batches(pictures, scale(), order, 8);
  ASSERT_EQ(batches.count(), 3);
  EXPECT_EQ(batches.pictures(), 23);
  std::vector<std::int64_t> seen;
  for (std::int64_t i = 0; i < batches.count(); ++i) {
    const auto indices = batches.indices(i);
    const auto batch = batches[i];
    EXPECT_EQ(batch.pictures.size(0), i < 2 ? 8 : 7);
    for (std::size_t k = 0; k < indices.size(); ++k)
      EXPECT_EQ(batch.labels[static_cast<std::int64_t>(k)].item<std::int64_t>(),
                pictures.labels[static_cast<std::size_t>(indices[k])]);
    seen.insert(seen.end(), indices.begin(), indices.end());
  }
  EXPECT_EQ(seen, order);
}

TEST(BatchesTest, WithoutAnOrderThePicturesStandAsInTheSet) {
  const auto pictures = testing::squares(6, 3);
  const Batches batches(pictures, scale(), 6);
  ASSERT_EQ(batches.count(), 1);
  const auto batch = batches[0];
  for (std::int64_t i = 0; i < 6; ++i) {
    const auto pixel = pictures.pixels[static_cast<std::size_t>(i * 28 * 28 + 5)];
    EXPECT_FLOAT_EQ(batch.pictures[i][0][0][5].item<float>(),
                    static_cast<float>((pixel / 255.0 - 0.25) / 0.5));
  }
  EXPECT_EQ(Batches(pictures, scale(), std::vector<std::int64_t>(), 4).count(), 0);
}

}  // namespace
}  // namespace evenkeel::data::batches_test
