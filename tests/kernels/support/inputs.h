// Data for the tests: repeatable, and shaped so that mistakes show.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/kernels/geometry.h"

namespace evenkeel::kernels::test {

// A counter-based generator (SplitMix64): the same numbers on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  double uniform();                                           // [0, 1)
  std::int64_t between(std::int64_t low, std::int64_t high);  // inclusive
  std::int64_t log_between(std::int64_t low,
                           std::int64_t high);  // inclusive, small ones as often as large ones
  double away_from_zero();                      // +-[0.5, 1.5): mean 0, variance 13/12

 private:
  std::uint64_t state_;
};

// What the values of a channel look like. No value lies within half a standard deviation of the mean (but for
// kRamp, and for what the name says), so that leaving one out, or taking it twice, changes the sums.
enum class Style {
  kPlain,                  // mean and standard deviation near 1
  kOffset100,              // |mean| / std = 100
  kOffset1e4,              // 1e4
  kOffset1e6,              // 1e6
  kConstant,               // every other channel constant
  kLateStart,              // a few zeros, then 1e4 +- 1: the first values say nothing about the mean
  kOutlierFirst,           // 1e6 first, then kPlain
  kOutlierLast,            // 1e6 at the very end
  kOutlierEverySixteenth,  // 1e6 at every sixteenth of the channel: all that evenly spread samples see
  kRamp,                   // sorted, on an offset
  kHuge,                   // 1e30 +- 1e28: squares overflow float
  kTiny,  // 1e-25 and, in odd channels, 1e-41: squares vanish in float, values are below its normal numbers
};
inline constexpr std::array kStyles{Style::kPlain,        Style::kOffset100,   Style::kOffset1e4,
                                    Style::kOffset1e6,    Style::kConstant,    Style::kLateStart,
                                    Style::kOutlierFirst, Style::kOutlierLast, Style::kOutlierEverySixteenth,
                                    Style::kRamp,         Style::kHuge,        Style::kTiny};
const char* name_of(Style style);

template <typename T>
std::vector<T> make_tensor(const Geometry& geometry, Style style, std::uint64_t seed);

// One value for each channel, in [low, high).
template <typename T>
std::vector<T> make_parameters(std::int64_t channels, double low, double high, std::uint64_t seed);

}  // namespace evenkeel::kernels::test
