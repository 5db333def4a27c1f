// Batch normalization once more, written independently of the library: long double, two passes, straight from
// the formulas. What the kernels and their scalar reference are compared with.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "evenkeel/kernels/geometry.h"
#include "kernels/support/element_types.h"

namespace evenkeel::kernels::test::oracle {

// Calls body(channel, index) for every element, in memory order.
template <typename Body>
void for_each_element(const Geometry& geometry, Body body) {
  std::size_t index = 0;
  for (std::int64_t o = 0; o < geometry.outer; ++o) {
    for (std::int64_t c = 0; c < geometry.channels; ++c) {
      for (std::int64_t i = 0; i < geometry.inner; ++i) body(static_cast<std::size_t>(c), index++);
    }
  }
}

struct Moments {
  std::vector<Real> mean;
  std::vector<Real> m2;
};

template <typename T>
Moments moments(const std::vector<T>& input, const Geometry& geometry);

// Sums over each channel, and the sums of the magnitudes that were added, which bound the rounding errors.
struct GradientSums {
  std::vector<Real> grad;                // sum g
  std::vector<Real> grad_deviation;      // sum g (x - mean)
  std::vector<Real> abs_grad;            // sum |g|
  std::vector<Real> abs_deviation;       // sum |x - mean|
  std::vector<Real> abs_grad_deviation;  // sum |g (x - mean)|
};

// gradient(i) is the g of element i.
template <typename T, typename M, typename Gradient>
GradientSums gradient_sums(const std::vector<T>& input, Gradient gradient, const std::vector<M>& mean,
                           const Geometry& geometry) {
  const std::vector<Real> zeros(static_cast<std::size_t>(geometry.channels), 0);
  GradientSums sums{zeros, zeros, zeros, zeros, zeros};
  for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real g = gradient(i);
    const Real deviation = real(input[i]) - static_cast<Real>(mean[c]);
    sums.grad[c] += g;
    sums.grad_deviation[c] += g * deviation;
    sums.abs_grad[c] += std::fabs(g);
    sums.abs_deviation[c] += std::fabs(deviation);
    sums.abs_grad_deviation[c] += std::fabs(g * deviation);
  });
  return sums;
}

}  // namespace evenkeel::kernels::test::oracle
