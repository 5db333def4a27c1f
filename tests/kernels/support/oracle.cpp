#include "kernels/support/oracle.h"

#include <cmath>

namespace evenkeel::kernels::test::oracle {

template <typename T>
Moments moments(const std::vector<T>& input, const Geometry& geometry) {
  const auto channels = static_cast<std::size_t>(geometry.channels);
  Moments result{std::vector<Real>(channels, 0), std::vector<Real>(channels, 0)};
  if (geometry.count() == 0) return result;
  const auto count = static_cast<Real>(geometry.count());
  for_each_element(geometry, [&](std::size_t c, std::size_t i) { result.mean[c] += input[i]; });
  for (Real& mean : result.mean) mean /= count;
  // Long double has only eleven bits more than double: what rounding left out of the mean is put back.
  std::vector<Real> rest(channels, 0);
  for_each_element(geometry, [&](std::size_t c, std::size_t i) { rest[c] += input[i] - result.mean[c]; });
  for (std::size_t c = 0; c < channels; ++c) {
    if (std::isfinite(rest[c])) result.mean[c] += rest[c] / count;
  }
  for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real deviation = input[i] - result.mean[c];
    result.m2[c] += deviation * deviation;
  });
  return result;
}

template <typename T, typename M>
GradientSums gradient_sums(const std::vector<T>& input, const std::vector<T>& grad_output,
                           const std::vector<M>& mean, const Geometry& geometry) {
  const std::vector<Real> zeros(static_cast<std::size_t>(geometry.channels), 0);
  GradientSums sums{zeros, zeros, zeros, zeros};
  for_each_element(geometry, [&](std::size_t c, std::size_t i) {
    const Real gradient = grad_output[i];
    const Real product = gradient * (static_cast<Real>(input[i]) - static_cast<Real>(mean[c]));
    sums.grad[c] += gradient;
    sums.grad_deviation[c] += product;
    sums.abs_grad[c] += std::fabs(gradient);
    sums.abs_grad_deviation[c] += std::fabs(product);
  });
  return sums;
}

template Moments moments<float>(const std::vector<float>&, const Geometry&);
template Moments moments<double>(const std::vector<double>&, const Geometry&);
template GradientSums gradient_sums<float, float>(const std::vector<float>&, const std::vector<float>&,
                                                  const std::vector<float>&, const Geometry&);
template GradientSums gradient_sums<float, double>(const std::vector<float>&, const std::vector<float>&,
                                                   const std::vector<double>&, const Geometry&);
template GradientSums gradient_sums<double, double>(const std::vector<double>&, const std::vector<double>&,
                                                    const std::vector<double>&, const Geometry&);

}  // namespace evenkeel::kernels::test::oracle
