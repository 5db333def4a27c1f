// Mean and M2 of the channels of a slab, from sums of deviations about a shift close to the mean.
#pragma once

#include "kernels/counted_positions.h"
#include "kernels/tiles.h"

namespace evenkeel::kernels {

template <typename T>
class MomentSums {
 public:
  // `mean` and `m2` are the results for all channels of the tensor.
  MomentSums(const Plan& plan, std::int64_t slab, const T* input,
             const CountedPositions<Parameter<T>>& positions, double* mean, double* m2, Workspace& workspace);

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const;
  bool finish_sums(const double* sums);

  // Of this slab's channels.
  const double* mean() const { return mean_; }
  const double* m2() const { return m2_; }

 private:
  using R = Parameter<T>;

  void estimate_shifts();
  double smallest_m2() const;
  void mark_differences(std::int64_t block, double* sums, Workspace scratch) const;
  bool redo(std::int64_t c, double sum, double dot);

  const Plan& plan_;
  const std::int64_t slab_;
  const std::int64_t channels_;
  const T* input_;
  const CountedPositions<R> positions_;
  double* mean_;
  double* m2_;
  Workspace& workspace_;
  R* shift_;                // per channel
  const R* shift_columns_;  // as the tiles want it
  bool* pending_;           // per channel: no result yet
  double telling_shift_;    // the smallest from which no difference vanishes
  bool shifted_by_mean_ = false;
};

}  // namespace evenkeel::kernels
