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

// What a batch without values leaves in two results per channel, either of which may be null.
template <typename V>
void zero(V* first, V* second, std::int64_t channels) {
  if (first) std::fill_n(first, channels, V{0});
  if (second) std::fill_n(second, channels, V{0});
}

// With statistics that are known: one map and no sums.
template <typename Slab, typename T, typename Call>
void run_map(const Call& call, bool with_bits, Executor& executor) {
  const Geometry& g = call.geometry;
  const Plan plan = with_bits ? plan_with_bits(g, sizeof(T)) : plan_one_pass(g, sizeof(T));
  run_slabs<Slab>(call, plan, sizeof(T), executor);
}

template <typename Slab, typename T, typename Call>
void run_gradients(const Call& call, Executor& executor) {
  run_slabs<Slab>(call, plan_two_passes(call.geometry, 2 * sizeof(T)), 2 * sizeof(T), executor);
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
    zero(call.mean, call.m2, g.channels);
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
    zero(call.mean, call.m2, g.channels);
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
    zero(call.mean, call.m2, g.channels);
  } else {
    const Plan plan = call.positive ? plan_with_bits(g, sizeof(T)) : plan_two_passes(g, sizeof(T));
    run_slabs<TrainingForwardSlab<T>>(call, plan, sizeof(T), executor);
  }
}

template <typename T>
void run(const GivenMomentsForward<T>& call, Executor& executor) {
  begin(call);
  if (call.geometry.size() == 0) return;
  run_map<GivenMomentsForwardSlab<T>, T>(call, call.positive != nullptr, executor);
}

template <typename T>
void run(const TrainingBackward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.grad_weight, call.grad_bias, g.channels);
  } else {
    run_gradients<TrainingBackwardSlab<T>, T>(call, executor);
  }
}

template <typename T>
void run(const EvaluationForward<T>& call, Executor& executor) {
  begin(call);
  if (call.geometry.size() == 0) return;
  run_map<EvaluationForwardSlab<T>, T>(call, call.positive != nullptr, executor);
}

template <typename T>
void run(const EvaluationBackward<T>& call, Executor& executor) {
  begin(call);
  const Geometry& g = call.geometry;
  if (g.size() == 0) {
    zero(call.grad_weight, call.grad_bias, g.channels);
  } else if (call.grad_weight || call.grad_bias) {
    run_gradients<EvaluationBackwardSlab<T>, T>(call, executor);
  } else if (call.grad_input) {
    run_map<EvaluationInputGradientSlab<T>, T>(call, call.activation != Activation::kNone, executor);
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
