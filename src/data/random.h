// Random numbers that are the same on every machine and with every standard library.
#pragma once

#include <cstdint>

namespace evenkeel::data {

// SplitMix64: a counter behind a mixing function (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", 2014). Only integer arithmetic and exact conversions, no function of the mathematics library.
class Random {
 public:
  // Streams of the same seed are unrelated to each other.
  Random(std::uint64_t seed, std::uint64_t stream) : state_(mix(mix(seed) ^ mix(~stream))) {}

  std::uint64_t bits() { return mix(state_ += 0x9E3779B97F4A7C15u); }

  // At least 0, below 1, a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // Bell-shaped with mean 0 and standard deviation 1: twelve uniform numbers summed as 20-bit integers. Never
  // beyond ±6, which keeps every drawing bounded.
  double bell() {
    std::uint64_t sum = 0;
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t word = bits();
      sum += (word & 0xFFFFF) + ((word >> 20) & 0xFFFFF) + ((word >> 40) & 0xFFFFF);
    }
    return static_cast<double>(sum) * 0x1p-20 - 6.0;
  }

  bool chance(double probability) { return uniform() < probability; }

  // 0 to count - 1; the bias of a remainder of 64 bits is far below anything that could be seen.
  std::uint64_t below(std::uint64_t count) { return bits() % count; }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace evenkeel::data
