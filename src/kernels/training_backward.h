#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/gradient_sums.h"
#include "kernels/normalization.h"

namespace evenkeel::kernels {

// The parameter gradients, then the input gradient
//   weight/std (g - grad_bias/m - n grad_weight/m) = g scale + n slope + offset,  n = (x - mean) / std.
template <typename T>
class TrainingBackwardSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = true;

  TrainingBackwardSlab(const TrainingBackward<T>& call, const Plan& plan, std::int64_t slab,
                       Workspace& workspace)
      : call_(call),
        plan_(plan),
        slab_(slab),
        workspace_(workspace),
        gradients_(plan, slab, call.input, call.grad_output, call.mean, workspace) {}

  void add_sums(std::int64_t block, double* sums) const { gradients_.add_sums(block, sums); }

  bool finish_sums(const double* sums) {
    gradients_.finish_sums(sums);
    const std::int64_t channels = plan_.channels_of(slab_);
    const auto count = static_cast<double>(plan_.geometry.count());
    T* mean = workspace_.take<T>(channels);
    T* invstd = workspace_.take<T>(channels);
    T* scale = workspace_.take<T>(channels);
    T* slope = workspace_.take<T>(channels);
    T* offset = workspace_.take<T>(channels);
    for (std::int64_t k = 0; k < channels; ++k) {
      const std::int64_t c = plan_.first_channel(slab_) + k;
      const SplitMean<T> split(call_.mean[c]);
      const double inverse = inverse_std(call_.m2[c] / count, call_.eps);
      const double factor = value_or(call_.weight, c, 1.0) * inverse;
      const double grad_weight = gradients_.grad_deviation(k) * inverse;
      const double tilt = factor * grad_weight / count;
      mean[k] = split.high;
      invstd[k] = static_cast<T>(inverse);
      scale[k] = static_cast<T>(factor);
      slope[k] = static_cast<T>(-tilt);
      offset[k] = static_cast<T>(tilt * split.low * inverse - factor * gradients_.grad(k) / count);
      if (call_.grad_weight) call_.grad_weight[c] = static_cast<T>(grad_weight);
      if (call_.grad_bias) call_.grad_bias[c] = static_cast<T>(gradients_.grad(k));
    }
    if (!call_.grad_input) return false;
    mean_ = spread(plan_, slab_, mean, workspace_);
    invstd_ = spread(plan_, slab_, invstd, workspace_);
    scale_ = spread(plan_, slab_, scale, workspace_);
    slope_ = spread(plan_, slab_, slope, workspace_);
    offset_ = spread(plan_, slab_, offset, workspace_);
    return false;
  }

  void map(std::int64_t block) const {
    if (!call_.grad_input) return;
    const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
    for_each_tile(plan_, slab_, block, [&](const Tile& tile, std::int64_t at, std::int64_t k) {
      kernels.input_gradient(tile, call_.input + at, call_.grad_output + at, call_.grad_input + at, mean_ + k,
                             invstd_ + k, scale_ + k, slope_ + k, offset_ + k);
    });
  }

 private:
  const TrainingBackward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  Workspace& workspace_;
  GradientSums<T> gradients_;
  const T* mean_ = nullptr;
  const T* invstd_ = nullptr;
  const T* scale_ = nullptr;
  const T* slope_ = nullptr;
  const T* offset_ = nullptr;
};

}  // namespace evenkeel::kernels
