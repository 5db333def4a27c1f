#include "kernels/support/oracle.h"

#include <cmath>

namespace evenkeel::kernels::test::oracle {

template <typename T>
Moments moments(const std::vector<T>& input, const Geometry& geometry) {
  const auto channels = static_cast<std::size_t>(geometry.channels);
  Moments result{std::vector<Real>(channels, 0), std::vector<Real>(channels, 0)};
  if (geometry.count() == 0) return result;
  const auto count = static_cast<Real>(geometry.count());
  for_each_element(geometry, [&](std::size_t c, std::size_t i) { result.mean[c] += real(input[i]); });
  for (Real& mean : result.mean) mean /= count;
  // Long double has only eleven bits more than double: what rounding left out of the mean is put back.
  std::vector<Real> rest(channels, 0);
  for_each_element(geometry,
                   [&](std::size_t c, std::size_t i) { rest[c] += real(input[i]) - result.mean[c]; });
  for (std::size_t c = 0; c < channels; ++c) {
    if (std::isfinite(rest[c])) result.mean[c] += rest[c] / count;
  }
  for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real deviation = real(input[i]) - result.mean[c];
    result.m2[c] += deviation * deviation;
  });
  return result;
}

template Moments moments(const std::vector<float>&, const Geometry&);
template Moments moments(const std::vector<double>&, const Geometry&);
template Moments moments(const std::vector<float16>&, const Geometry&);
template Moments moments(const std::vector<bfloat16>&, const Geometry&);

}  // namespace evenkeel::kernels::test::oracle
