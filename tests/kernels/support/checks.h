// Each of these calls one kernel on a problem and compares everything it wrote with the oracle; inputs must
// be as they were, and nothing outside the outputs may change.
#pragma once

#include "kernels/support/problem.h"

namespace evenkeel::kernels::test {

template <typename T>
void check_channel_moments(const Problem<T>& problem, const Subject& subject);
template <typename T>
void check_training_forward(const Problem<T>& problem, const Subject& subject);
template <typename T>
void check_training_backward(const Problem<T>& problem, const Subject& subject);
template <typename T>
void check_evaluation_forward(const Problem<T>& problem, const Subject& subject);
template <typename T>
void check_evaluation_backward(const Problem<T>& problem, const Subject& subject);

// All five.
template <typename T>
void check_every_call(const Problem<T>& problem, const Subject& subject);

}  // namespace evenkeel::kernels::test
