// Normalising the channels of a slab with known statistics: the map that training and evaluation share.
#pragma once

#include <cmath>

#include "kernels/gradient_sums.h"
#include "kernels/tiles.h"

namespace evenkeel::kernels {

inline double inverse_std(double variance, double eps) { return 1.0 / std::sqrt(variance + eps); }

template <typename T>
double value_or(const T* values, std::int64_t channel, double otherwise) {
  return values ? static_cast<double>(values[channel]) : otherwise;
}

template <typename T>
class Normalization {
 public:
  // mean_of(c) and invstd_of(c) give the statistics of the tensor's channel c.
  template <typename MeanOf, typename InvstdOf>
  void set(const Plan& plan, std::int64_t slab, const T* weight, const T* bias, MeanOf mean_of,
           InvstdOf invstd_of, Workspace& workspace) {
    const std::int64_t channels = plan.channels_of(slab);
    T* mean = workspace.take<T>(channels);
    T* scale = workspace.take<T>(channels);
    T* offset = workspace.take<T>(channels);
    for (std::int64_t k = 0; k < channels; ++k) {
      const std::int64_t c = plan.first_channel(slab) + k;
      const SplitMean<T> split(mean_of(c));
      const double factor = value_or(weight, c, 1.0) * invstd_of(c);
      mean[k] = split.high;
      scale[k] = static_cast<T>(factor);
      // With an infinite mean the low part is NaN, and so is every output: as the formula has it.
      offset[k] = static_cast<T>(value_or(bias, c, 0.0) - split.low * factor);
    }
    mean_ = spread(plan, slab, mean, workspace);
    scale_ = spread(plan, slab, scale, workspace);
    offset_ = spread(plan, slab, offset, workspace);
  }

  void map(const Plan& plan, std::int64_t slab, std::int64_t block, const T* input, T* output) const {
    const VectorKernels<T>& kernels = vector_kernels<T>(plan.walk);
    for_each_tile(plan, slab, block, [&](const Tile& tile, std::int64_t offset, std::int64_t parameter) {
      kernels.normalize(tile, input + offset, output + offset, mean_ + parameter, scale_ + parameter,
                        offset_ + parameter);
    });
  }

 private:
  const T* mean_ = nullptr;
  const T* scale_ = nullptr;
  const T* offset_ = nullptr;
};

}  // namespace evenkeel::kernels
