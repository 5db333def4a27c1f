#include "kernels/support/geometries.h"

#include <algorithm>

namespace evenkeel::kernels::test {
namespace {

const std::vector<std::int64_t> kInner{1,   2,   3,    4,    5,    7,    8,    9,    15,  16,  17,
                                       31,  32,  33,   48,   49,   50,   63,   64,   65,  127, 128,
                                       129, 195, 196,  197,  255,  256,  257,  258,  511, 512, 513,
                                       576, 784, 1023, 1024, 1025, 3136, 4095, 4096, 4097};
const std::vector<std::int64_t> kOuter{1,  2,  3,  4,  5,  7,   8,   9,   15,  16,  17,  31,
                                       32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000};
const std::vector<std::int64_t> kChannels{1,  2,   3,   4,   5,   6,   7,   8,   9,   15,  16,
                                          17, 20,  24,  31,  32,  33,  47,  48,  50,  63,  64,
                                          65, 127, 128, 129, 255, 256, 257, 500, 513, 1024};

std::int64_t draw(const std::vector<std::int64_t>& from, std::int64_t at_most, Random& random) {
  const auto end = std::upper_bound(from.begin(), from.end(), std::max<std::int64_t>(1, at_most));
  return from[static_cast<std::size_t>(random.between(0, end - from.begin() - 1))];
}

}  // namespace

std::vector<Geometry> critical_geometries(std::int64_t max_size, std::uint64_t seed) {
  Random random(seed);
  std::vector<Geometry> geometries;
  for (std::int64_t inner : kInner) {
    const std::int64_t channels = draw(kChannels, max_size / inner, random);
    geometries.push_back({draw(kOuter, max_size / inner / channels, random), channels, inner});
  }
  for (std::int64_t outer : kOuter) {
    const std::int64_t channels = draw(kChannels, max_size / outer, random);
    geometries.push_back({outer, channels, draw(kInner, max_size / outer / channels, random)});
    geometries.push_back({outer, channels, 1});
  }
  for (std::int64_t channels : kChannels) {
    const std::int64_t inner = draw(kInner, max_size / channels, random);
    geometries.push_back({draw(kOuter, max_size / channels / inner, random), channels, inner});
    geometries.push_back({draw(kOuter, max_size / channels, random), channels, 1});
  }
  return geometries;
}

std::vector<Geometry> typical_geometries() {
  return {{4, 3, 3136}, {1, 2, 5000}, {16, 20, 576}, {9, 5, 257},  {16, 33, 49}, {8, 50, 64},  {5, 7, 3},
          {33, 17, 2},  {64, 500, 1}, {1000, 65, 1}, {700, 20, 1}, {999, 3, 1},  {4097, 1, 1}, {1, 70, 1}};
}

std::vector<Geometry> small_geometries() {
  std::vector<Geometry> geometries = typical_geometries();
  for (Geometry& geometry : geometries) {
    geometry.inner = std::min<std::int64_t>(geometry.inner, 270);
    const std::int64_t row = geometry.channels * geometry.inner;
    geometry.outer = std::min(geometry.outer, std::max<std::int64_t>(3, 8000 / row));
  }
  return geometries;
}

std::vector<Geometry> large_geometries() {
  return {{4096, 4096, 1}, {100352, 64, 1}, {300001, 3, 1}, {1000003, 1, 1}, {1, 3, 1000000}, {1, 1, 3000001},
          {32, 64, 3136},  {64, 512, 49},   {65, 50, 64},   {2, 5, 400001},  {3, 20011, 7},   {5, 16385, 33}};
}

Geometry random_geometry(std::int64_t max_size, Random& random) {
  Geometry geometry;
  std::int64_t* const extents[] = {&geometry.outer, &geometry.channels, &geometry.inner};
  // Which extent is drawn first has the whole range; the others share what it leaves.
  const std::int64_t first = random.between(0, 2);
  std::int64_t left = max_size;
  for (std::int64_t k = 0; k < 3; ++k) {
    std::int64_t& extent = *extents[(first + k) % 3];
    extent = random.log_between(1, left);
    left /= extent;
  }
  return geometry;
}

}  // namespace evenkeel::kernels::test
