#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <stdexcept>

#include "bench/problem.h"

namespace evenkeel::bench {

std::vector<std::int64_t> Shape::sizes() const {
  return flat() ? std::vector{batch, channels} : std::vector{batch, channels, height, width};
}

std::int64_t Shape::bytes() const {
  return batch * channels * (flat() ? 1 : height * width) * static_cast<std::int64_t>(sizeof(float));
}

std::string Shape::name() const { return fmt::format("{}", fmt::join(sizes(), "x")); }

const std::vector<Shape>& standard_shapes() {
  static const std::vector<Shape> shapes = {
      {32, 64, 56, 56},   {32, 256, 14, 14}, {64, 20, 24, 24}, {64, 512, 7, 7}, {32, 64, 112, 112},
      {128, 128, 32, 32}, {64, 50, 8, 8},    {64, 500},        {256, 1024},     {4096, 4096},
  };
  return shapes;
}

Shape parse_shape(const std::string& text) {
  // Beyond 2^31 values the peers differ in what they can do, and no machine we know has the memory.
  constexpr std::int64_t kMostValues = std::int64_t{1} << 31;
  std::vector<std::int64_t> extents;
  std::int64_t values = 1;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t extent = 0;
    const auto [rest, error] = std::from_chars(at, end, extent);
    if (error != std::errc() || extent < 1 || extent > kMostValues / values) break;
    values *= extent;
    extents.push_back(extent);
    at = rest;
    if (at == end || *at != 'x') break;
    ++at;
  }
  if (at == end && extents.size() == 2 && extents[0] > 1) return {extents[0], extents[1]};
  if (at == end && extents.size() == 4 && values > extents[1])
    return {extents[0], extents[1], extents[2], extents[3]};
  throw std::invalid_argument(fmt::format(
      "shapes: expected NxC or NxCxHxW with more than one value per channel, as in 32x64x56x56, found {}",
      text));
}

std::string name(Layout layout) {
  switch (layout) {
    case Layout::kChannelsFirst:
      return "channels first";
    case Layout::kChannelsLast:
      return "channels last";
    default:
      return "(N, C)";
  }
}

std::vector<Layout> layouts(const Shape& shape) {
  if (shape.flat()) return {Layout::kFlat};
  return {Layout::kChannelsFirst, Layout::kChannelsLast};
}

}  // namespace evenkeel::bench
