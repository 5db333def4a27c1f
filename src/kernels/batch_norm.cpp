// The public entry points: check once, cut the tensor into slabs, run.
#include "evenkeel/kernels/batch_norm.h"

#include <algorithm>

#include "kernels/check.h"
#include "kernels/evaluation.h"
#include "kernels/run_slabs.h"
#include "kernels/streaming.h"
#include "kernels/training_backward.h"
#include "kernels/training_forward.h"

namespace evenkeel::kernels {
namespace {

// Whatever can be refused is refused here, before anything is written.
template <typename Call>
void begin(const Call& call) {
  check(call);
  settle_instruction_set();
  streaming_bytes();
}

// What a batch without values leaves in a result per channel.
template <typename V>
void zero(V* values, std::int64_t count) {
  if (values) std::fill_n(values, count, V{0});
}

template <typename T>
void run_moments(const MomentsOfPositions<T>& moments, const Geometry& geometry, Executor& executor) {
  run_slabs<MomentsSlab<T>>(moments, plan_two_passes(geometry, sizeof(T)), sizeof(T), executor);
}

}  // namespace

template <typename T>
void run(const ChannelMoments<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.mean, g.channels);
    zero(call.m2, g.channels);
  } else {
    run_moments<T>({call.input, CountedPositions<Parameter<T>>(g), call.mean, call.m2}, g, executor);
  }
}

template <typename T>
void run(const WeightedMoments<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  const auto positions = g.size() == 0 ? CountedPositions<Parameter<T>>(g, nullptr)
                                       : CountedPositions<Parameter<T>>(g, call.weights);
  if (positions.total() == 0) {
    zero(call.mean, g.channels);
    zero(call.m2, g.channels);
  } else {
    run_moments<T>({call.input, positions, call.mean, call.m2}, g, executor);
  }
  *call.count = positions.total();
}

template <typename T>
void run(const TrainingForward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.mean, g.channels);
    zero(call.m2, g.channels);
  } else {
    const Plan plan = call.positive ? plan_with_bits(g, sizeof(T)) : plan_two_passes(g, sizeof(T));
    run_slabs<TrainingForwardSlab<T>>(call, plan, sizeof(T), executor);
  }
}

template <typename T>
void run(const GivenMomentsForward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) return;
  const Plan plan = call.positive ? plan_with_bits(g, sizeof(T)) : plan_one_pass(g, sizeof(T));
  run_slabs<GivenMomentsForwardSlab<T>>(call, plan, sizeof(T), executor);
}

template <typename T>
void run(const TrainingBackward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.grad_weight, g.channels);
    zero(call.grad_bias, g.channels);
  } else {
    run_slabs<TrainingBackwardSlab<T>>(call, plan_two_passes(g, 2 * sizeof(T)), 2 * sizeof(T), executor);
  }
}

template <typename T>
void run(const EvaluationForward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) return;
  const Plan plan = call.positive ? plan_with_bits(g, sizeof(T)) : plan_one_pass(g, sizeof(T));
  run_slabs<EvaluationForwardSlab<T>>(call, plan, sizeof(T), executor);
}

template <typename T>
void run(const EvaluationBackward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.grad_weight, g.channels);
    zero(call.grad_bias, g.channels);
  } else if (call.grad_weight || call.grad_bias) {
    run_slabs<EvaluationBackwardSlab<T>>(call, plan_two_passes(g, 2 * sizeof(T)), 2 * sizeof(T), executor);
  } else if (call.grad_input) {
    const Plan plan =
        call.activation == Activation::kNone ? plan_one_pass(g, sizeof(T)) : plan_with_bits(g, sizeof(T));
    run_slabs<EvaluationInputGradientSlab<T>>(call, plan, sizeof(T), executor);
  }
}

template <typename T>
std::int64_t positive_bytes(const Geometry& geometry) {
  return geometry.size() == 0 ? 0 : plan_with_bits(geometry, sizeof(T)).bits();
}

#define EVENKEEL_INSTANTIATE(T)                                \
  template void run(const ChannelMoments<T>&, Executor&);      \
  template void run(const WeightedMoments<T>&, Executor&);     \
  template void run(const TrainingForward<T>&, Executor&);     \
  template void run(const GivenMomentsForward<T>&, Executor&); \
  template void run(const TrainingBackward<T>&, Executor&);    \
  template void run(const EvaluationForward<T>&, Executor&);   \
  template void run(const EvaluationBackward<T>&, Executor&);  \
  template std::int64_t positive_bytes<T>(const Geometry&);
EVENKEEL_INSTANTIATE(float)
EVENKEEL_INSTANTIATE(double)
EVENKEEL_INSTANTIATE(float16)
EVENKEEL_INSTANTIATE(bfloat16)
#undef EVENKEEL_INSTANTIATE

}  // namespace evenkeel::kernels
