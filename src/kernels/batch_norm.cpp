// The public entry points: check once, cut the tensor into slabs, run.
#include "evenkeel/kernels/batch_norm.h"

#include <algorithm>

#include "kernels/check.h"
#include "kernels/evaluation.h"
#include "kernels/run_slabs.h"
#include "kernels/training_backward.h"
#include "kernels/training_forward.h"

namespace evenkeel::kernels {
namespace {

template <typename T>
void fill(T* values, std::int64_t count) {
  if (values) std::fill_n(values, count, T{0});
}

template <typename T>
void channel_moments(const ChannelMoments<T>& call, Executor& executor) {
  check(call);
  if (call.geometry.size() == 0) {
    fill(call.mean, call.geometry.channels);
    fill(call.m2, call.geometry.channels);
    return;
  }
  run_slabs<ChannelMomentsSlab<T>>(call, plan_two_passes(call.geometry, sizeof(T)), sizeof(T), executor);
}

template <typename T>
void training_forward(const TrainingForward<T>& call, Executor& executor) {
  check(call);
  if (call.geometry.size() == 0) {
    fill(call.mean, call.geometry.channels);
    fill(call.m2, call.geometry.channels);
    return;
  }
  run_slabs<TrainingForwardSlab<T>>(call, plan_two_passes(call.geometry, sizeof(T)), sizeof(T), executor);
}

template <typename T>
void training_backward(const TrainingBackward<T>& call, Executor& executor) {
  check(call);
  if (call.geometry.size() == 0) {
    fill(call.grad_weight, call.geometry.channels);
    fill(call.grad_bias, call.geometry.channels);
    return;
  }
  run_slabs<TrainingBackwardSlab<T>>(call, plan_two_passes(call.geometry, 2 * sizeof(T)), 2 * sizeof(T),
                                     executor);
}

template <typename T>
void evaluation_forward(const EvaluationForward<T>& call, Executor& executor) {
  check(call);
  if (call.geometry.size() == 0) return;
  run_slabs<EvaluationForwardSlab<T>>(call, plan_one_pass(call.geometry, sizeof(T)), sizeof(T), executor);
}

template <typename T>
void evaluation_backward(const EvaluationBackward<T>& call, Executor& executor) {
  check(call);
  if (call.geometry.size() == 0) {
    fill(call.grad_weight, call.geometry.channels);
    fill(call.grad_bias, call.geometry.channels);
  } else if (call.grad_weight || call.grad_bias) {
    run_slabs<EvaluationBackwardSlab<T>>(call, plan_two_passes(call.geometry, 2 * sizeof(T)), 2 * sizeof(T),
                                         executor);
  } else if (call.grad_input) {
    run_slabs<EvaluationInputGradientSlab<T>>(call, plan_one_pass(call.geometry, sizeof(T)), sizeof(T),
                                              executor);
  }
}

}  // namespace

void run(const ChannelMoments<float>& call, Executor& executor) { channel_moments(call, executor); }
void run(const ChannelMoments<double>& call, Executor& executor) { channel_moments(call, executor); }
void run(const TrainingForward<float>& call, Executor& executor) { training_forward(call, executor); }
void run(const TrainingForward<double>& call, Executor& executor) { training_forward(call, executor); }
void run(const TrainingBackward<float>& call, Executor& executor) { training_backward(call, executor); }
void run(const TrainingBackward<double>& call, Executor& executor) { training_backward(call, executor); }
void run(const EvaluationForward<float>& call, Executor& executor) { evaluation_forward(call, executor); }
void run(const EvaluationForward<double>& call, Executor& executor) { evaluation_forward(call, executor); }
void run(const EvaluationBackward<float>& call, Executor& executor) { evaluation_backward(call, executor); }
void run(const EvaluationBackward<double>& call, Executor& executor) { evaluation_backward(call, executor); }

}  // namespace evenkeel::kernels
