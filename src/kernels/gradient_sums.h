// Sums over the gradient of the channels of a slab: sum g and sum g (x - mean) / unit.
#pragma once

#include "kernels/tiles.h"

namespace evenkeel::kernels {

template <typename T>
class GradientSums {
 public:
  // Of the slab's channels. The unit of deviations is next to sqrt(m2 / count + eps): see UnitsOfChannels.
  struct Statistics {
    const double* mean;
    const double* m2;
    double count;
    double eps;
  };

  // `weights` are those of the positions, or null.
  GradientSums(const Plan& plan, std::int64_t slab, const T* input, const Gradient<T>& gradient,
               const Parameter<T>* weights, const Statistics& statistics, Workspace& workspace);

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const;

  // After this, grad()[c] = sum g and grad_deviation()[c] = sum g (x - mean) / unit of the slab's channel c.
  void finish_sums(const double* sums);
  const double* grad() const { return grad_; }
  const double* grad_deviation() const { return grad_deviation_; }
  const double* unit() const { return unit_; }
  const Parameter<T>* per_unit() const { return per_unit_; }

 private:
  using R = Parameter<T>;

  bool is_in_doubt(std::int64_t c) const;
  void sum_exactly(std::int64_t c);

  const Plan& plan_;
  const std::int64_t slab_;
  const std::int64_t channels_;
  const T* input_;
  const Gradient<T> gradient_;
  const R* weights_;
  const double* mean_;
  double* unit_;
  R* per_unit_;
  R* mean_in_units_;
  const R* per_unit_columns_;
  const R* mean_columns_;
  double* grad_;
  double* grad_deviation_;
};

}  // namespace evenkeel::kernels
