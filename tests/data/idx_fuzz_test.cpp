// Thousands of damaged files: each is read or refused with one line, and none makes the reader take much
// memory.
#include <algorithm>
#include <iterator>

#include "data/allocation_probe.h"
#include "data/data_files.h"
#include "data/idx_file.h"
#include "data/random.h"

namespace evenkeel::data::idx_fuzz_test {
namespace {

constexpr std::size_t kMostMemory = 4 << 20;

class IdxFuzzTest : public DataFilesTest {};

// One to three random injuries.
Bytes damaged(Bytes bytes, Random& random) {
  for (std::uint64_t left = 1 + random.below(3); left > 0 && !bytes.empty(); --left) {
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(random.below(bytes.size()));
    switch (random.below(6)) {
      case 0:
        *place ^= static_cast<std::uint8_t>(1u << random.below(8));
        break;
      case 1:
        *place = static_cast<std::uint8_t>(random.bits());
        break;
      case 2:
        bytes.erase(place, bytes.end());
        break;
      case 3:
        bytes.erase(place);
        break;
      case 4:
        bytes.insert(place, static_cast<std::uint8_t>(random.bits()));
        break;
      default: {
        // A number that is likely to be taken for a size.
        constexpr std::uint32_t kNasty[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00010000};
        const std::uint32_t number = kNasty[random.below(std::size(kNasty))];
        const std::size_t at = random.below(8) * 4;
        for (std::size_t k = 0; k < 4 && at + k < bytes.size(); ++k) {
          bytes[at + k] = static_cast<std::uint8_t>(number >> (24 - 8 * k));
        }
      }
    }
  }
  return bytes;
}

TEST_F(IdxFuzzTest, DamagedPicturesAreReadOrRefusedWithinBoundedMemory) {
  const Bytes pixels = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
  const Bytes originals[] = {idx_pictures(2, 4, 3, pixels), gzipped(idx_pictures(2, 4, 3, pixels))};
  Random random(1, 0);
  int read = 0, refused = 0;
  reset_largest_allocation();
  for (int round = 0; round < 6000; ++round) {
    const auto file = write("pictures", damaged(originals[round % 2], random));
    try {
      const Pictures pictures = read_idx_pictures(file);
      ASSERT_EQ(pictures.pixels.size(),
                static_cast<std::size_t>(pictures.count * pictures.rows * pictures.columns));
      ++read;
    } catch (const std::runtime_error& error) {
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      ++refused;
    }
  }
  EXPECT_LE(largest_allocation(), kMostMemory);
  // Damage to the pixels of a plain file leaves a good file; nearly everything else must be noticed.
  EXPECT_GT(read, 300);
  EXPECT_GT(refused, 3000);
}

TEST_F(IdxFuzzTest, DamagedLabelsAreReadOrRefusedWithinBoundedMemory) {
  const Bytes originals[] = {idx_labels({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}),
                             gzipped(idx_labels({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))};
  Random random(2, 0);
  reset_largest_allocation();
  for (int round = 0; round < 4000; ++round) {
    const auto file = write("labels", damaged(originals[round % 2], random));
    try {
      const Bytes labels = read_idx_labels(file);
      ASSERT_FALSE(labels.empty());
      ASSERT_LE(*std::max_element(labels.begin(), labels.end()), 9);
    } catch (const std::runtime_error& error) {
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_LE(largest_allocation(), kMostMemory);
}

TEST_F(IdxFuzzTest, HeaderThatClaimsBillionsOfPicturesTakesNoMemory) {
  const Bytes pictures = idx_pictures(0x80000000, 4096, 4096, {1, 2, 3, 4});
  ASSERT_EQ(pictures.size(), 20u);
  for (const Bytes& bytes : {pictures, gzipped(pictures)}) {
    const auto file = write("pictures", bytes);
    reset_largest_allocation();
    EXPECT_THROW(read_idx_pictures(file), std::runtime_error);
    EXPECT_LE(largest_allocation(), kMostMemory);
  }
}

}  // namespace
}  // namespace evenkeel::data::idx_fuzz_test
