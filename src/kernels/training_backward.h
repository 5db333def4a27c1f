#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/channel_gradients.h"
#include "kernels/gradient_map.h"
#include "kernels/gradient_sums.h"

namespace evenkeel::kernels {

// The parameter gradients, then the input gradient
//   weight/std (g - grad_bias/m - n grad_weight/m) = g scale + n slope + offset,  n = (x - mean) / std,
// with n slope + offset times the weight of the position, where there are weights.
template <typename T>
class TrainingBackwardSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = true;
  static bool weighted(const TrainingBackward<T>& call) { return call.position_weights != nullptr; }

  TrainingBackwardSlab(const TrainingBackward<T>& call, const Plan& plan, std::int64_t slab,
                       Workspace& workspace)
      : call_(call),
        plan_(plan),
        slab_(slab),
        mean_(call.mean + plan.first_channel(slab)),
        m2_(call.m2 + plan.first_channel(slab)),
        workspace_(workspace),
        sums_(plan, slab, call.input, incoming_gradient<T>(call), call.position_weights,
              {mean_, m2_, count(), 0.0}, workspace),
        gradients_(call, plan, slab) {
    gradients_.set_weights(call.position_weights);
  }

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const {
    sums_.add_sums(block, sums, scratch);
  }

  bool finish_sums(const double* sums) {
    sums_.finish_sums(sums);
    const auto found = finish_gradients<T>(call_, plan_, slab_, sums_, mean_, m2_, count(), workspace_);
    if (!call_.grad_input) return false;
    gradients_.set_scale(found.scale, workspace_);
    gradients_.set_statistics(found.mean, sums_.per_unit(), found.slope, found.offset, workspace_);
    return false;
  }

  void map(std::int64_t block, Workspace scratch) const { gradients_.map(block, scratch); }

 private:
  double count() const { return call_.count > 0 ? call_.count : static_cast<double>(plan_.geometry.count()); }

  const TrainingBackward<T>& call_;
  const Plan& plan_;
  const std::int64_t slab_;
  const double* mean_;
  const double* m2_;
  Workspace& workspace_;
  GradientSums<T> sums_;
  InputGradientMap<T> gradients_;
};

}  // namespace evenkeel::kernels
