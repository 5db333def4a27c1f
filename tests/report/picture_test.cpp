#include "report/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <stdexcept>

namespace evenkeel::report::picture_test {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Through libpng's reader; `image` gets the size.
std::vector<std::uint8_t> decode(const std::string& bytes, png_image& image) {
  image = {};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return {};
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr);
  return pixels;
}

TEST(PictureTest, PngHoldsEveryPixelUnchanged) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 300; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 37));
  for (const auto& [rows, columns] :
       {std::pair{10, 30}, std::pair{30, 10}, std::pair{1, 300}, std::pair{300, 1}}) {
    png_image image;
    EXPECT_EQ(decode(grey_png(pixels, rows, columns), image), pixels) << rows << " x " << columns;
    EXPECT_EQ(image.format, static_cast<png_uint_32>(PNG_FORMAT_GRAY));
    EXPECT_EQ(image.height, static_cast<png_uint_32>(rows));
    EXPECT_EQ(image.width, static_cast<png_uint_32>(columns));
  }
}

TEST(PictureTest, PngInColourTakesEachPixelFromThreePlanes) {
  const std::vector<std::uint8_t> planes{1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26};
  png_image image;
  EXPECT_EQ(decode(colour_png(planes, 2, 3), image),
            (std::vector<std::uint8_t>{1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24, 5, 15, 25, 6, 16, 26}));
  EXPECT_EQ(image.format, static_cast<png_uint_32>(PNG_FORMAT_RGB));
  EXPECT_EQ(image.height, 2U);
  EXPECT_THAT(
      [&] { colour_png(planes, 3, 3); },
      ThrowsMessage<std::invalid_argument>(HasSubstr(
          "[colour_png] expected 3 x rows x columns bytes with sides from 1 to 32768, found 18 bytes")));
}

TEST(PictureTest, WrongSizesAreOneClearLine) {
  const std::vector<std::uint8_t> pixels(783);
  EXPECT_THAT([&] { grey_png(pixels, 28, 28); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("found 783 bytes for 28 x 28")));
  EXPECT_THROW(grey_png({}, 0, 0), std::invalid_argument);
  EXPECT_THROW(grey_png(pixels, -27, -29), std::invalid_argument);
  EXPECT_THROW(grey_png(pixels, std::int64_t{1} << 62, 4), std::invalid_argument);
}

// The examples of RFC 4648, section 10.

}  // namespace
}  // namespace evenkeel::report::picture_test
