// Sums over the gradient of the channels of a slab: sum g and sum g (x - mean).
#pragma once

#include "kernels/tiles.h"

namespace evenkeel::kernels {

// A mean as the vector loops take it: its nearest T, and what that leaves out.
template <typename T>
struct SplitMean {
  explicit SplitMean(double mean) : high(static_cast<T>(mean)), low(mean - static_cast<double>(high)) {}
  T high;
  double low;
};

template <typename T>
class GradientSums {
 public:
  // `mean` is an array of the tensor's channels, of double or T.
  template <typename Mean>
  GradientSums(const Plan& plan, std::int64_t slab, const T* input, const T* grad_output, const Mean* mean,
               Workspace& workspace);

  void add_sums(std::int64_t block, double* sums) const;

  // After this, grad(c) = sum g and grad_deviation(c) = sum g (x - mean) of the slab's channel c.
  void finish_sums(const double* sums);
  double grad(std::int64_t c) const { return grad_[c]; }
  double grad_deviation(std::int64_t c) const { return grad_deviation_[c]; }

 private:
  const Plan& plan_;
  const std::int64_t slab_;
  const std::int64_t channels_;
  const T* input_;
  const T* grad_output_;
  double* mean_;
  const T* mean_columns_;
  double* grad_;
  double* grad_deviation_;
};

}  // namespace evenkeel::kernels
