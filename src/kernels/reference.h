// The definition of batch normalization, in plain scalar float64, two passes, one thread.
// It is the oracle of the tests, and it is what the vector kernels hand a channel to when their arithmetic
// cannot hold it (squares beyond float32, NaN, Inf). Its `positive` bits lie in the order of the elements.
#pragma once

#include "evenkeel/kernels/batch_norm.h"

namespace evenkeel::kernels::reference {

struct Moments {
  double mean;
  double m2;
};

// `weights`, here and below, are those of the positions, or null for ones.
template <typename T>
Moments channel_moments(const T* input, const Geometry& geometry, std::int64_t channel,
                        const Parameter<T>* weights = nullptr);

template <typename T>
void run(const ChannelMoments<T>& call);
template <typename T>
void run(const WeightedMoments<T>& call);
template <typename T>
void run(const TrainingForward<T>& call);
template <typename T>
void run(const GivenMomentsForward<T>& call);
template <typename T>
void run(const TrainingBackward<T>& call);
template <typename T>
void run(const EvaluationForward<T>& call);
template <typename T>
void run(const EvaluationBackward<T>& call);

}  // namespace evenkeel::kernels::reference
