#include "kernels/vector_kernels.h"

// This file is compiled once for each instruction set: highway includes it again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_kernels.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h

#include "kernels/lanes-inl.h"
#include "kernels/maps-inl.h"
#include "kernels/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

template <Walk kWalk, typename T>
void moment_sums(const Tile& tile, const T* x, const T* shift, double* sum, double* dot) {
  if constexpr (kWalk == Walk::kRuns) {
    sum_runs<T, false>(tile, x, nullptr, shift, sum, dot);
  } else {
    sum_columns<T, false>(tile, x, nullptr, shift, sum, dot);
  }
}

template <Walk kWalk, typename T>
void gradient_sums(const Tile& tile, const T* x, const T* grad, const T* mean, double* sum, double* dot) {
  if constexpr (kWalk == Walk::kRuns) {
    sum_runs<T, true>(tile, x, grad, mean, sum, dot);
  } else {
    sum_columns<T, true>(tile, x, grad, mean, sum, dot);
  }
}

template <Walk kWalk, typename T>
void normalize(const Tile& tile, const T* x, T* y, const T* mean, const T* scale, const T* offset) {
  using P = Parameter<kWalk, T>;
  map_tile<T>(Normalize<kWalk, T>{x, y, P(mean), P(scale), P(offset)}, tile);
}

template <Walk kWalk, typename T>
void input_gradient(const Tile& tile, const T* x, const T* grad, T* out, const T* mean, const T* invstd,
                    const T* scale, const T* slope, const T* offset) {
  using P = Parameter<kWalk, T>;
  map_tile<T>(InputGradient<kWalk, T>{x, grad, out, P(mean), P(invstd), P(scale), P(slope), P(offset)}, tile);
}

template <Walk kWalk, typename T>
void scale(const Tile& tile, const T* grad, T* out, const T* factor) {
  map_tile<T>(Scale<kWalk, T>{grad, out, Parameter<kWalk, T>(factor)}, tile);
}

template <Walk kWalk, typename T>
constexpr VectorKernels<T> table() {
  return {moment_sums<kWalk, T>, gradient_sums<kWalk, T>, normalize<kWalk, T>, input_gradient<kWalk, T>,
          scale<kWalk, T>};
}

}  // namespace

const AllVectorKernels& all_vector_kernels() {
  static constexpr AllVectorKernels kAll{
      {table<Walk::kRuns, float>(), table<Walk::kColumns, float>()},
      {table<Walk::kRuns, double>(), table<Walk::kColumns, double>()},
  };
  return kAll;
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

HWY_EXPORT(all_vector_kernels);

std::vector<std::int64_t> vector_targets() {
  std::vector<std::int64_t> targets;
  const std::int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
  for (std::int64_t rest = all; rest != 0; rest &= rest - 1)
    targets.push_back(rest & -rest);  // better ones have lower bits
  return targets;
}

const AllVectorKernels& vector_kernels_of(std::int64_t target) {
  // Highway's own choice is left as it was: the program may use highway too.
  hwy::GetChosenTarget().Update(target);
  const AllVectorKernels& kernels = HWY_DYNAMIC_DISPATCH(all_vector_kernels)();
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return kernels;
}

}  // namespace evenkeel::kernels
#endif
