// Which positions of a tensor its statistics are of, how many that makes, and a few of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "evenkeel/kernels/geometry.h"

namespace evenkeel::kernels {

template <typename R>
class CountedPositions {
 public:
  // All of them.
  explicit CountedPositions(const Geometry& geometry)
      : total_(static_cast<double>(geometry.count())), sampled_(std::min(kSamples, geometry.count())) {
    for (std::int64_t k = 0; k < sampled_; ++k) {
      samples_[static_cast<std::size_t>(k)] = (2 * k + 1) * geometry.count() / (2 * sampled_);
    }
  }

  // Those with a weight, [outer][inner], above 0. No weights: none.
  CountedPositions(const Geometry& geometry, const R* weights) : weights_(weights) {
    if (!weights) return;
    std::int64_t counted = 0;
    for (std::int64_t i = 0; i < geometry.count(); ++i) {
      total_ += static_cast<double>(weights[i]);
      if (!(weights[i] > R{0})) continue;
      ++counted;
      smallest_ = std::min(smallest_, weights[i]);
    }
    sampled_ = std::min(kSamples, counted);
    std::int64_t seen = 0;
    std::int64_t k = 0;
    for (std::int64_t i = 0; k < sampled_; ++i) {
      if (!(weights[i] > R{0})) continue;
      if (seen++ == (2 * k + 1) * counted / (2 * sampled_)) samples_[static_cast<std::size_t>(k++)] = i;
    }
  }

  const R* weights() const { return weights_; }  // null: all positions, with a weight of 1
  double total() const { return total_; }        // the sum of the weights
  R smallest() const { return smallest_; }       // of the weights above 0, or 1

  // Spread evenly over them; at most eight.
  std::span<const std::int64_t> samples() const {
    return {samples_.data(), static_cast<std::size_t>(sampled_)};
  }

 private:
  static constexpr std::int64_t kSamples = 8;

  const R* weights_ = nullptr;
  double total_ = 0;
  R smallest_ = R{1};
  std::array<std::int64_t, kSamples> samples_{};
  std::int64_t sampled_ = 0;
};

}  // namespace evenkeel::kernels
