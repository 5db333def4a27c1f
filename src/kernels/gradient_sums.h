// Sums over the gradient of the channels of a slab: sum g and sum g (x - mean).
#pragma once

#include "kernels/tiles.h"

namespace evenkeel::kernels {

template <typename T>
class GradientSums {
 public:
  // `mean` holds the slab's channels; `weights` those of the positions, or null.
  GradientSums(const Plan& plan, std::int64_t slab, const T* input, const Gradient<T>& gradient,
               const Parameter<T>* weights, const double* mean, Workspace& workspace);

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const;

  // After this, grad()[c] = sum g and grad_deviation()[c] = sum g (x - mean) of the slab's channel c.
  void finish_sums(const double* sums);
  const double* grad() const { return grad_; }
  const double* grad_deviation() const { return grad_deviation_; }

 private:
  using R = Parameter<T>;

  void sum_exactly(std::int64_t c);

  const Plan& plan_;
  const std::int64_t slab_;
  const std::int64_t channels_;
  const T* input_;
  const Gradient<T> gradient_;
  const R* weights_;
  const double* mean_;
  R* mean_high_;
  const R* mean_columns_;
  double* grad_;
  double* grad_deviation_;
};

}  // namespace evenkeel::kernels
