#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/channel_gradients.h"
#include "kernels/gradient_map.h"
#include "kernels/gradient_sums.h"
#include "kernels/normalization_map.h"

namespace evenkeel::kernels {

// The given statistics of a slab's channels, as those of a batch with one value.
struct GivenStatistics {
  template <typename Call>
  GivenStatistics(const Call& call, const Plan& plan, std::int64_t slab, Workspace& workspace)
      : mean(widened(call.mean + plan.first_channel(slab), plan.channels_of(slab), workspace)),
        m2(widened(call.variance + plan.first_channel(slab), plan.channels_of(slab), workspace)) {}

  static constexpr double kCount = 1.0;
  const double* mean;
  const double* m2;
};

template <typename T>
class EvaluationForwardSlab {
 public:
  static constexpr bool kHasSums = false;
  static constexpr bool kHasMap = true;
  static bool weighted(const EvaluationForward<T>&) { return false; }

  EvaluationForwardSlab(const EvaluationForward<T>& call, const Plan& plan, std::int64_t slab,
                        Workspace& workspace)
      : normalization_(call, plan, slab) {
    const GivenStatistics given(call, plan, slab, workspace);
    normalization_.set_statistics(given.mean, given.m2, GivenStatistics::kCount, workspace);
  }

  void map(std::int64_t block, Workspace scratch) const { normalization_.map(block, scratch); }

 private:
  NormalizationMap<T> normalization_;
};

// grad_input = g * weight / std, and grad_residual = g, where no parameter gradient is wanted.
template <typename T>
class EvaluationInputGradientSlab {
 public:
  static constexpr bool kHasSums = false;
  static constexpr bool kHasMap = true;
  static bool weighted(const EvaluationBackward<T>&) { return false; }

  EvaluationInputGradientSlab(const EvaluationBackward<T>& call, const Plan& plan, std::int64_t slab,
                              Workspace& workspace)
      : gradients_(call, plan, slab) {
    using R = Parameter<T>;
    const GivenStatistics given(call, plan, slab, workspace);
    const std::int64_t channels = plan.channels_of(slab);
    const auto take = [&] { return workspace.take<R>(channels); };
    R* scale = take();
    channel_kernels<R>().normalization({channels, GivenStatistics::kCount, call.eps, given.mean, given.m2,
                                        from_channel(call.weight, plan.first_channel(slab)), nullptr, take(),
                                        scale, take()});
    gradients_.set_scale(scale, workspace);
  }

  void map(std::int64_t block, Workspace scratch) const { gradients_.map(block, scratch); }

 private:
  InputGradientMap<T> gradients_;
};

// The parameter gradients, and the input gradient while the slab's gradient is in the cache.
template <typename T>
class EvaluationBackwardSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = true;
  static bool weighted(const EvaluationBackward<T>&) { return false; }

  EvaluationBackwardSlab(const EvaluationBackward<T>& call, const Plan& plan, std::int64_t slab,
                         Workspace& workspace)
      : call_(call),
        plan_(plan),
        slab_(slab),
        workspace_(workspace),
        given_(call, plan, slab, workspace),
        // Without the input there is only grad_bias to find, and what stands in for the input does not
        // matter.
        sums_(plan, slab, call.grad_weight ? call.input : call.grad_output, incoming_gradient<T>(call),
              nullptr, {given_.mean, given_.m2, GivenStatistics::kCount, call.eps}, workspace),
        gradients_(call, plan, slab) {}

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const {
    sums_.add_sums(block, sums, scratch);
  }

  bool finish_sums(const double* sums) {
    sums_.finish_sums(sums);
    const auto found = finish_gradients<T>(call_, plan_, slab_, sums_, given_.mean, given_.m2,
                                           GivenStatistics::kCount, workspace_);
    if (call_.grad_input) gradients_.set_scale(found.scale, workspace_);
    return false;
  }

  void map(std::int64_t block, Workspace scratch) const { gradients_.map(block, scratch); }

 private:
  const EvaluationBackward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  Workspace& workspace_;
  const GivenStatistics given_;
  GradientSums<T> sums_;
  InputGradientMap<T> gradients_;
};

}  // namespace evenkeel::kernels
