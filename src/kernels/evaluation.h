#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/gradient_sums.h"
#include "kernels/normalization.h"

namespace evenkeel::kernels {

template <typename T>
class EvaluationForwardSlab {
 public:
  static constexpr bool kHasSums = false;
  static constexpr bool kHasMap = true;

  EvaluationForwardSlab(const EvaluationForward<T>& call, const Plan& plan, std::int64_t slab,
                        Workspace& workspace)
      : call_(call), plan_(plan), slab_(slab) {
    normalization_.set(
        plan, slab, call.weight, call.bias, [&](std::int64_t c) { return static_cast<double>(call.mean[c]); },
        [&](std::int64_t c) { return inverse_std(static_cast<double>(call.variance[c]), call.eps); },
        workspace);
  }

  void map(std::int64_t block) const { normalization_.map(plan_, slab_, block, call_.input, call_.output); }

 private:
  const EvaluationForward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  Normalization<T> normalization_;
};

// grad_input = grad_output * weight / std.
template <typename T>
class EvaluationInputGradientSlab {
 public:
  static constexpr bool kHasSums = false;
  static constexpr bool kHasMap = true;

  EvaluationInputGradientSlab(const EvaluationBackward<T>& call, const Plan& plan, std::int64_t slab,
                              Workspace& workspace)
      : call_(call), plan_(plan), slab_(slab) {
    const std::int64_t channels = plan.channels_of(slab);
    T* scale = workspace.take<T>(channels);
    for (std::int64_t k = 0; k < channels; ++k) {
      const std::int64_t c = plan.first_channel(slab) + k;
      scale[k] = static_cast<T>(value_or(call.weight, c, 1.0) *
                                inverse_std(static_cast<double>(call.variance[c]), call.eps));
    }
    scale_ = spread(plan, slab, scale, workspace);
  }

  void map(std::int64_t block) const {
    const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
    for_each_tile(plan_, slab_, block, [&](const Tile& tile, std::int64_t offset, std::int64_t parameter) {
      kernels.scale(tile, call_.grad_output + offset, call_.grad_input + offset, scale_ + parameter);
    });
  }

 private:
  const EvaluationBackward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  const T* scale_ = nullptr;
};

// The parameter gradients, and the input gradient while the slab's gradient is in the cache.
template <typename T>
class EvaluationBackwardSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = true;

  EvaluationBackwardSlab(const EvaluationBackward<T>& call, const Plan& plan, std::int64_t slab,
                         Workspace& workspace)
      : call_(call),
        plan_(plan),
        slab_(slab),
        // Without the input there is only grad_bias to find, and what stands in for the input does not
        // matter.
        gradients_(plan, slab, call.grad_weight ? call.input : call.grad_output, call.grad_output, call.mean,
                   workspace),
        input_gradient_(call, plan, slab, workspace) {}

  void add_sums(std::int64_t block, double* sums) const { gradients_.add_sums(block, sums); }

  bool finish_sums(const double* sums) {
    gradients_.finish_sums(sums);
    for (std::int64_t k = 0; k < plan_.channels_of(slab_); ++k) {
      const std::int64_t c = plan_.first_channel(slab_) + k;
      const double inverse = inverse_std(static_cast<double>(call_.variance[c]), call_.eps);
      if (call_.grad_weight) call_.grad_weight[c] = static_cast<T>(gradients_.grad_deviation(k) * inverse);
      if (call_.grad_bias) call_.grad_bias[c] = static_cast<T>(gradients_.grad(k));
    }
    return false;
  }

  void map(std::int64_t block) const {
    if (call_.grad_input) input_gradient_.map(block);
  }

 private:
  const EvaluationBackward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  GradientSums<T> gradients_;
  EvaluationInputGradientSlab<T> input_gradient_;
};

}  // namespace evenkeel::kernels
