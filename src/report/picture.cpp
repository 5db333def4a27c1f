#include "report/picture.h"

#include <fmt/format.h>
#include <png.h>

#include <stdexcept>

namespace evenkeel::report {

namespace {

void check(const char* operation, std::size_t bytes, std::int64_t channels, std::int64_t rows,
           std::int64_t columns) {
  constexpr std::int64_t kLargestSide = 1 << 15;
  const bool sides = rows > 0 && columns > 0 && rows <= kLargestSide && columns <= kLargestSide;
  if (!sides || bytes != static_cast<std::size_t>(channels * rows * columns)) {
    throw std::invalid_argument(fmt::format(
        "[{}] expected {}rows x columns bytes with sides from 1 to {}, found {} bytes for {} x {}", operation,
        channels == 1 ? "" : fmt::format("{} x ", channels), kLargestSide, bytes, rows, columns));
  }
}

std::string png(const char* operation, const std::uint8_t* pixels, std::uint32_t format, std::int64_t rows,
                std::int64_t columns) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(columns);
  image.height = static_cast<png_uint_32>(rows);
  image.format = format;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, nullptr) == 0) {
    throw std::runtime_error(fmt::format("[{}] libpng: {}", operation, image.message));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string grey_png(const std::vector<std::uint8_t>& pixels, std::int64_t rows, std::int64_t columns) {
  check("grey_png", pixels.size(), 1, rows, columns);
  return png("grey_png", pixels.data(), PNG_FORMAT_GRAY, rows, columns);
}

std::string colour_png(const std::vector<std::uint8_t>& planes, std::int64_t rows, std::int64_t columns) {
  check("colour_png", planes.size(), 3, rows, columns);
  const auto plane = static_cast<std::size_t>(rows * columns);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(planes.size());
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t colour = 0; colour < 3; ++colour) pixels.push_back(planes[colour * plane + i]);
  return png("colour_png", pixels.data(), PNG_FORMAT_RGB, rows, columns);
}

}  // namespace evenkeel::report
