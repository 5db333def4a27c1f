#include "data/digit_shapes.h"

#include <array>

namespace evenkeel::data {
namespace {

using Glyphs = std::vector<Glyph>;

const Glyphs& zeros() {
  static const Glyphs glyphs = {
      // An oval, closed at the top.
      {{{3, -50}, {-20, -38}, {-29, 0}, {-20, 37}, {2, 50}, {23, 36}, {29, 0}, {21, -37}, {3, -50}}},
      // A narrow one whose end crosses its start.
      {{{10, -44}, {-9, -45}, {-21, -12}, {-17, 30}, {0, 50}, {18, 27}, {19, -16}, {7, -46}, {-8, -50}}},
      // One that does not quite close.
      {{{5, -49}, {-18, -40}, {-27, -2}, {-19, 38}, {4, 49}, {25, 30}, {28, -6}, {19, -38}}},
      // One with a slash.
      {{{3, -48}, {-20, -36}, {-27, 0}, {-19, 36}, {2, 48}, {21, 34}, {27, 0}, {20, -36}, {3, -48}},
       {{19, -34}, {-19, 34}}},
  };
  return glyphs;
}

const Glyphs& ones() {
  static const Glyphs glyphs = {
      // A bare stem.
      {{{1, -50}, {0, 0}, {-1, 50}}},
      // With a short serif.
      {{{-15, -33}, {3, -50}}, {{3, -50}, {3, 50}}},
      // With a long upstroke, as in much of Europe.
      {{{-22, -20}, {-7, -35}, {7, -50}}, {{7, -50}, {6, 0}, {7, 50}}},
      // With serif and foot.
      {{{-16, -34}, {1, -50}}, {{1, -50}, {1, 49}}, {{-20, 49}, {22, 49}}},
      // With a foot only.
      {{{0, -50}, {0, 48}}, {{-18, 48}, {18, 49}}},
  };
  return glyphs;
}

const Glyphs& twos() {
  static const Glyphs glyphs = {
      // A swan's neck on a flat base.
      {{{-25, -28}, {-14, -45}, {6, -50}, {24, -34}, {18, -6}, {-7, 22}, {-28, 48}}, {{-28, 48}, {28, 46}}},
      // A loop at the lower left, then a wave.
      {{{-24, -32},
        {-9, -48},
        {13, -47},
        {23, -27},
        {11, 4},
        {-12, 36},
        {-25, 46},
        {-30, 36},
        {-18, 29},
        {3, 41},
        {29, 46}}},
      // Angular, close to a Z.
      {{{-25, -41}, {-3, -50}, {21, -42}, {19, -18}, {-25, 48}}, {{-25, 48}, {25, 49}}},
      // A hooked beginning and a falling base.
      {{{-17, -20}, {-25, -34}, {-9, -49}, {15, -45}, {22, -22}, {4, 10}, {-24, 38}},
       {{-24, 38}, {0, 39}, {29, 50}}},
  };
  return glyphs;
}

const Glyphs& threes() {
  static const Glyphs glyphs = {
      // Two bows that meet in a point.
      {{{-23, -38}, {-4, -50}, {18, -43}, {21, -22}, {-3, -4}},
       {{-3, -4}, {24, 8}, {27, 34}, {1, 50}, {-26, 38}}},
      // A flat top.
      {{{-23, -48}, {24, -48}}, {{24, -48}, {-3, -9}}, {{-3, -9}, {21, -2}, {28, 24}, {8, 49}, {-26, 40}}},
      // A small loop between the bows.
      {{{-22, -40},
        {0, -50},
        {20, -38},
        {11, -12},
        {-6, -2},
        {-12, -8},
        {-3, -11},
        {20, 3},
        {25, 30},
        {2, 50},
        {-25, 40}}},
      // Flat bows, small above and large below.
      {{{-18, -44}, {6, -50}, {16, -32}, {-5, -14}}, {{-5, -14}, {22, -4}, {29, 24}, {7, 47}, {-27, 46}}},
  };
  return glyphs;
}

const Glyphs& fours() {
  static const Glyphs glyphs = {
      // Closed: a triangle on a stem.
      {{{11, -50}, {-29, 17}}, {{-29, 17}, {30, 17}}, {{11, -50}, {11, 50}}},
      // Open, with straight strokes.
      {{{-16, -48}, {-27, 6}}, {{-27, 6}, {29, 3}}, {{14, -38}, {10, 50}}},
      // Open, with a bowl.
      {{{-22, -45}, {-27, -14}, {-14, 2}, {20, -8}}, {{22, -48}, {18, 0}, {15, 50}}},
      // Nearly closed, the stem a little to the right of the tip.
      {{{2, -50}, {-16, -18}, {-29, 10}}, {{-29, 10}, {4, 13}, {31, 9}}, {{16, -24}, {13, 50}}},
  };
  return glyphs;
}

const Glyphs& fives() {
  static const Glyphs glyphs = {
      // Three strokes: top, neck, belly.
      {{{25, -48}, {-17, -48}},
       {{-17, -48}, {-21, -8}},
       {{-21, -8}, {5, -16}, {27, 8}, {21, 39}, {-2, 50}, {-27, 40}}},
      // One stroke, close to an S.
      {{{25, -46}, {-3, -49}, {-20, -33}, {-11, -12}, {14, -2}, {26, 20}, {10, 47}, {-26, 42}}},
      // The top put on last, a little apart.
      {{{-15, -41}, {-19, -6}},
       {{-19, -6}, {8, -12}, {26, 12}, {18, 42}, {-8, 50}, {-25, 42}},
       {{-11, -47}, {30, -52}}},
      // A slanting neck and a small belly.
      {{{28, -50}, {-8, -46}}, {{-8, -46}, {-18, -4}, {4, -8}, {18, 8}, {16, 36}, {-4, 48}, {-28, 46}}},
  };
  return glyphs;
}

const Glyphs& sixes() {
  static const Glyphs glyphs = {
      // A bent back and a round belly.
      {{{21, -46}, {-4, -36}, {-24, 2}, {-21, 38}, {3, 50}, {25, 34}, {21, 8}, {0, -1}, {-22, 14}}},
      // A straight back and a low loop.
      {{{8, -50}, {-15, -13}, {-26, 22}, {-12, 48}, {14, 47}, {24, 24}, {8, 7}, {-14, 14}, {-24, 28}}},
      // A spiral that does not close.
      {{{14, -48}, {-13, -30}, {-25, 8}, {-16, 44}, {11, 48}, {22, 24}, {8, 8}, {-8, 16}}},
      // A nearly upright back with a small loop.
      {{{-12, -50}, {-20, -10}, {-20, 28}, {-4, 50}, {18, 40}, {19, 18}, {2, 8}, {-17, 24}}},
  };
  return glyphs;
}

const Glyphs& sevens() {
  static const Glyphs glyphs = {
      // Plain.
      {{{-27, -46}, {26, -47}}, {{26, -47}, {4, 0}, {-8, 50}}},
      // With a bar.
      {{{-27, -46}, {26, -47}}, {{26, -47}, {4, 0}, {-8, 50}}, {{-18, 3}, {21, -2}}},
      // With a serif at the left.
      {{{-27, -28}, {-25, -47}}, {{-25, -47}, {25, -45}}, {{25, -45}, {6, -5}, {0, 50}}},
      // One smooth stroke with a curved top.
      {{{-27, -36}, {-10, -48}, {10, -43}, {25, -47}, {13, -8}, {3, 20}, {-2, 50}}},
      // A serif, a wave and a bar.
      {{{-26, -32}, {-24, -47}},
       {{-24, -47}, {0, -43}, {26, -48}},
       {{26, -48}, {2, 4}, {-10, 50}},
       {{-16, 2}, {18, 2}}},
  };
  return glyphs;
}

const Glyphs& eights() {
  static const Glyphs glyphs = {
      // One stroke that crosses itself in the middle.
      {{{19, -38},
        {0, -50},
        {-19, -37},
        {-10, -14},
        {15, 10},
        {22, 34},
        {0, 50},
        {-22, 35},
        {-14, 11},
        {11, -12},
        {20, -33},
        {8, -49}}},
      // Two rings, one on the other.
      {{{0, -50}, {-17, -40}, {-17, -16}, {0, -5}, {18, -16}, {17, -40}, {0, -50}},
       {{0, -5}, {-22, 10}, {-22, 37}, {0, 50}, {23, 37}, {22, 10}, {0, -5}}},
      // Open at the upper right.
      {{{21, -42},
        {-2, -50},
        {-20, -36},
        {-8, -12},
        {16, 12},
        {20, 36},
        {-2, 50},
        {-20, 34},
        {-8, 8},
        {14, -18},
        {26, -34}}},
      // Slim, its rings pulled out to loops.
      {{{9, -44},
        {-6, -50},
        {-14, -32},
        {2, -4},
        {15, 28},
        {4, 50},
        {-13, 40},
        {-10, 18},
        {4, -6},
        {15, -36},
        {6, -48}}},
  };
  return glyphs;
}

const Glyphs& nines() {
  static const Glyphs glyphs = {
      // A ring and a straight stem.
      {{{21, -33}, {3, -50}, {-21, -37}, {-23, -12}, {-4, -1}, {16, -14}, {21, -36}},
       {{21, -36}, {19, 8}, {14, 50}}},
      // A ring and a curved tail.
      {{{20, -30}, {4, -49}, {-20, -38}, {-21, -14}, {-2, -3}, {18, -17}, {20, -34}},
       {{20, -34}, {23, 6}, {8, 43}, {-20, 43}}},
      // One stroke, the tail slanting to the left.
      {{{18, -38}, {-2, -50}, {-20, -32}, {-12, -8}, {10, -14}, {21, -38}, {16, -4}, {-6, 50}}},
      // A ring that stays open, close to a 4.
      {{{12, -46}, {-12, -46}, {-23, -24}, {-12, -4}, {12, -12}}, {{19, -48}, {17, 0}, {16, 50}}},
  };
  return glyphs;
}

}  // namespace

std::span<const Glyph> glyphs_of(int digit) {
  static constexpr std::array kGlyphs = {zeros, ones,  twos,   threes, fours,
                                         fives, sixes, sevens, eights, nines};
  return kGlyphs.at(static_cast<std::size_t>(digit))();
}

}  // namespace evenkeel::data
