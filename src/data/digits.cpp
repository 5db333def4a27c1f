#include "data/digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/canvas.h"
#include "data/digit_shapes.h"
#include "data/random.h"

// The pixels must not depend on the machine: nothing below uses more of floating point than + - * / and sqrt,
// which IEEE 754 rounds in one way only, and CMake keeps the compiler from fusing a multiplication with an
// addition.
namespace evenkeel::data {
namespace {

constexpr int kSide = 28;
constexpr int kDigits = 10;
constexpr int kTrainCount = 12000;
constexpr int kTestCount = 2000;
constexpr std::uint64_t kTrainSeed = 0x7261696E;
constexpr std::uint64_t kTestSeed = 0x74657374;

// A Catmull-Rom curve through the points of a stroke, as a chain of short lines.
Stroke smooth(const Stroke& through) {
  constexpr int kPieces = 4;
  if (through.size() < 3) return through;
  Stroke chain;
  for (std::size_t i = 0; i + 1 < through.size(); ++i) {
    const Point b = through[i], c = through[i + 1];
    const Point a = i > 0 ? through[i - 1] : b;
    const Point d = i + 2 < through.size() ? through[i + 2] : c;
    for (int piece = 0; piece < kPieces; ++piece) {
      const double t = static_cast<double>(piece) / kPieces;
      const auto at = [t](double p, double q, double r, double s) {
        return q + 0.5 * t * ((r - p) + t * ((2 * p - 5 * q + 4 * r - s) + t * (3 * (q - r) + s - p)));
      };
      chain.push_back({at(a.x, b.x, c.x, d.x), at(a.y, b.y, c.y, d.y)});
    }
  }
  chain.push_back(through.back());
  return chain;
}

// A smooth random displacement of the plane: a cubic Bezier patch over the digit's box.
class Warp {
 public:
  Warp(Random& random, double strength) {
    for (Point& point : displacement_) {
      point.x = strength * random.bell();
      point.y = strength * random.bell();
    }
  }

  Point operator()(Point p) const {
    const std::array<double, 4> across = bernstein(std::clamp(p.x + 0.5, 0.0, 1.0));
    const std::array<double, 4> down = bernstein(std::clamp(p.y + 0.5, 0.0, 1.0));
    for (std::size_t k = 0; k < displacement_.size(); ++k) {
      const double weight = down[k / 4] * across[k % 4];
      p.x += weight * displacement_[k].x;
      p.y += weight * displacement_[k].y;
    }
    return p;
  }

 private:
  static std::array<double, 4> bernstein(double t) {
    const double s = 1 - t;
    return {s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
  }

  std::array<Point, 16> displacement_;
};

// Slant, rotation and proportions of one writer.
class Slant {
 public:
  explicit Slant(Random& random) {
    const double shear = 0.22 * random.bell();
    const double width = random.uniform(0.75, 1.3);
    // cos and sin of the angle 2 atan(half), from arithmetic alone.
    const double half = 0.08 * random.bell();
    const double cosine = (1 - half * half) / (1 + half * half), sine = 2 * half / (1 + half * half);
    xx_ = cosine * width;
    xy_ = -cosine * shear - sine;
    yx_ = sine * width;
    yy_ = cosine - sine * shear;
  }

  Point operator()(Point p) const { return {xx_ * p.x + xy_ * p.y, yx_ * p.x + yy_ * p.y}; }

 private:
  double xx_, xy_, yx_, yy_;
};

// One of the ways to write the digit, distorted as by a hand; the digit's height is about 1.
Glyph write_by_hand(int digit, Random& random) {
  const std::span<const Glyph> glyphs = glyphs_of(digit);
  Glyph glyph = glyphs[random.below(glyphs.size())];
  const Warp warp(random, 0.13);
  const Slant slant(random);
  for (Stroke& stroke : glyph) {
    for (Point& p : stroke) p = {p.x / 100 + 0.02 * random.bell(), p.y / 100 + 0.02 * random.bell()};
    stroke = smooth(stroke);
    for (Point& p : stroke) p = slant(warp(p));
  }
  return glyph;
}

// Brings the glyph to a random size and place, in pixels, on the canvas.
void place(Glyph& glyph, Random& random) {
  constexpr double kLargest = 23;
  Point low{1e9, 1e9}, high{-1e9, -1e9};
  for (const Stroke& stroke : glyph) {
    for (const Point p : stroke) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const double scale =
      std::min(random.uniform(17, 21.5), kLargest / std::max(high.x - low.x, high.y - low.y));
  const auto shift = [&](double extent) {
    const double room = std::min(1.5, (kLargest - scale * extent) / 2);
    return kSide / 2.0 + random.uniform(-room, room);
  };
  const Point middle{shift(high.x - low.x), shift(high.y - low.y)};
  for (Stroke& stroke : glyph) {
    for (Point& p : stroke) {
      p = {middle.x + scale * (p.x - (low.x + high.x) / 2), middle.y + scale * (p.y - (low.y + high.y) / 2)};
    }
  }
}

void draw(const Glyph& glyph, Canvas& canvas, Random& random) {
  const double radius = random.uniform(0.6, 1.7), softness = random.uniform(0.4, 0.9);
  for (const Stroke& stroke : glyph) {
    // The hand presses more at one end of a stroke than at the other.
    const double first = radius * random.uniform(0.75, 1.25), last = radius * random.uniform(0.75, 1.25);
    const std::size_t lines = stroke.size() - 1;
    const auto radius_at = [&](std::size_t i) {
      return first + (last - first) * static_cast<double>(i) / lines;
    };
    for (std::size_t i = 0; i < lines; ++i) {
      canvas.draw_line(stroke[i], stroke[i + 1], radius_at(i), radius_at(i + 1), softness);
    }
  }
}

// A dot, a scratch or the end of a neighbour's stroke.
void draw_stray_mark(Canvas& canvas, Random& random) {
  const Point from{random.uniform(0, kSide), random.uniform(0, kSide)};
  const Point to{from.x + 1.5 * random.bell(), from.y + 1.5 * random.bell()};
  const double radius = random.uniform(0.3, 0.9);
  canvas.draw_line(from, to, radius, radius, 0.5);
}

void draw_picture(int digit, Random random, std::uint8_t* pixels) {
  Canvas canvas(kSide, kSide);
  Glyph glyph = write_by_hand(digit, random);
  place(glyph, random);
  draw(glyph, canvas, random);
  while (random.chance(0.25)) draw_stray_mark(canvas, random);

  const double contrast = random.uniform(150, 255);
  const double noise = random.chance(0.5) ? random.uniform(0, 14) : 0;
  for (const double ink : canvas.ink()) {
    const double grey = ink * contrast + (noise > 0 ? noise * random.bell() : 0);
    *pixels++ = static_cast<std::uint8_t>(std::clamp(grey + 0.5, 0.0, 255.0));
  }
}

Pictures draw_pictures(int count, std::uint64_t seed) {
  Pictures pictures{count, kSide, kSide, {}, {}};
  pictures.pixels.resize(static_cast<std::size_t>(count) * kSide * kSide);
  pictures.labels.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const int digit = i % kDigits;
    pictures.labels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(digit);
    draw_picture(digit, Random(seed, static_cast<std::uint64_t>(i)),
                 &pictures.pixels[static_cast<std::size_t>(i) * kSide * kSide]);
  }
  return pictures;
}

}  // namespace

DataSet draw_digits() {
  return {"", kDigits, draw_pictures(kTrainCount, kTrainSeed), draw_pictures(kTestCount, kTestSeed)};
}

}  // namespace evenkeel::data
