// The one place where what callers pass to the kernels is checked.
#pragma once

#include "evenkeel/kernels/batch_norm.h"

namespace evenkeel::kernels {

// Each throws std::invalid_argument that names the operation, what was expected and what came.
template <typename T>
void check(const ChannelMoments<T>& call);
template <typename T>
void check(const WeightedMoments<T>& call);
template <typename T>
void check(const TrainingForward<T>& call);
template <typename T>
void check(const GivenMomentsForward<T>& call);
template <typename T>
void check(const TrainingBackward<T>& call);
template <typename T>
void check(const EvaluationForward<T>& call);
template <typename T>
void check(const EvaluationBackward<T>& call);
template <typename T>
void check(const RunningUpdate<T>& call);
// For merge_moments.
void check_merge(std::int64_t channels, double count, const double* mean, const double* m2,
                 double other_count, const double* other_mean, const double* other_m2);

}  // namespace evenkeel::kernels
