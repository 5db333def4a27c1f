#pragma once

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/moment_sums.h"
#include "kernels/normalization_map.h"

namespace evenkeel::kernels {

// What statistics are wanted of.
template <typename T>
struct MomentsOfPositions {
  const T* input;
  const CountedPositions<Parameter<T>> positions;
  double* mean;
  double* m2;
};

// Statistics alone.
template <typename T>
class MomentsSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = false;
  static bool weighted(const MomentsOfPositions<T>& call) { return call.positions.weights() != nullptr; }

  MomentsSlab(const MomentsOfPositions<T>& call, const Plan& plan, std::int64_t slab, Workspace& workspace)
      : moments_(plan, slab, call.input, call.positions, call.mean, call.m2, workspace) {}

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const {
    moments_.add_sums(block, sums, scratch);
  }
  bool finish_sums(const double* sums) { return moments_.finish_sums(sums); }

 private:
  MomentSums<T> moments_;
};

// Statistics, then the normalisation with them.
template <typename T>
class TrainingForwardSlab {
 public:
  static constexpr bool kHasSums = true;
  static constexpr bool kHasMap = true;
  static bool weighted(const TrainingForward<T>&) { return false; }

  TrainingForwardSlab(const TrainingForward<T>& call, const Plan& plan, std::int64_t slab,
                      Workspace& workspace)
      : plan_(plan),
        workspace_(workspace),
        moments_(plan, slab, call.input, CountedPositions<Parameter<T>>(call.geometry), call.mean, call.m2,
                 workspace),
        normalization_(call, plan, slab) {}

  void add_sums(std::int64_t block, double* sums, Workspace scratch) const {
    moments_.add_sums(block, sums, scratch);
  }

  bool finish_sums(const double* sums) {
    if (moments_.finish_sums(sums)) return true;
    const auto count = static_cast<double>(plan_.geometry.count());
    normalization_.set_statistics(moments_.mean(), moments_.m2(), count, workspace_);
    return false;
  }

  void map(std::int64_t block, Workspace scratch) const { normalization_.map(block, scratch); }

 private:
  const Plan& plan_;
  Workspace& workspace_;
  MomentSums<T> moments_;
  NormalizationMap<T> normalization_;
};

// The normalisation with statistics that are known.
template <typename T>
class GivenMomentsForwardSlab {
 public:
  static constexpr bool kHasSums = false;
  static constexpr bool kHasMap = true;
  static bool weighted(const GivenMomentsForward<T>&) { return false; }

  GivenMomentsForwardSlab(const GivenMomentsForward<T>& call, const Plan& plan, std::int64_t slab,
                          Workspace& workspace)
      : normalization_(call, plan, slab) {
    const std::int64_t first = plan.first_channel(slab);
    normalization_.set_statistics(call.mean + first, call.m2 + first, call.count, workspace);
  }

  void map(std::int64_t block, Workspace scratch) const { normalization_.map(block, scratch); }

 private:
  NormalizationMap<T> normalization_;
};

}  // namespace evenkeel::kernels
