#include "kernels/vector_kernels.h"

// This file is compiled once for each instruction set: highway includes it again and again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_kernels.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h

#include "kernels/channels-inl.h"
#include "kernels/lanes-inl.h"
#include "kernels/maps-inl.h"
#include "kernels/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

template <Walk kWalk, typename T>
void moment_sums(const Tile& tile, const T* x, const Parameter<T>* shift, double* sum, double* dot) {
  sum_tile<kWalk, Summand::kDeviations>(tile, x, Gradient<T>(), shift, sum, dot);
}

template <Walk kWalk, typename T>
void gradient_sums(const Tile& tile, const T* x, const Gradient<T>& gradient, const Parameter<T>* mean,
                   double* sum, double* dot) {
  if (gradient.positive) {
    sum_tile<kWalk, Summand::kActivatedGradient>(tile, x, gradient, mean, sum, dot);
  } else {
    sum_tile<kWalk, Summand::kGradient>(tile, x, gradient, mean, sum, dot);
  }
}

template <Walk kWalk, typename T>
void normalize(const Tile& tile, const Normalization<T>& operands) {
  if (!operands.activated) {
    normalize_tile<kWalk, T, Activate::kNo>(tile, operands);
  } else if (!operands.positive) {
    normalize_tile<kWalk, T, Activate::kYes>(tile, operands);
  } else {
    normalize_tile<kWalk, T, Activate::kYesAndKeepBits>(tile, operands);
  }
}

template <Walk kWalk, typename T>
void input_gradient(const Tile& tile, const GradientMap<T>& operands) {
  map_gradient<InputGradient, kWalk>(tile, operands);
}

template <Walk kWalk, typename T>
void scaled_gradient(const Tile& tile, const GradientMap<T>& operands) {
  map_gradient<ScaledGradient, kWalk>(tile, operands);
}

template <Walk kWalk, typename T>
constexpr VectorKernels<T> table() {
  return {moment_sums<kWalk, T>, gradient_sums<kWalk, T>, normalize<kWalk, T>, input_gradient<kWalk, T>,
          scaled_gradient<kWalk, T>};
}

template <typename R>
constexpr ChannelKernels<R> channel_table() {
  return {moments_of_channels<R>, normalization_of_channels<R>, gradient_of_channels<R>};
}

}  // namespace

const AllVectorKernels& all_vector_kernels() {
  static constexpr AllVectorKernels kAll{
      {table<Walk::kRuns, float>(), table<Walk::kColumns, float>()},
      {table<Walk::kRuns, double>(), table<Walk::kColumns, double>()},
      {table<Walk::kRuns, float16>(), table<Walk::kColumns, float16>()},
      {table<Walk::kRuns, bfloat16>(), table<Walk::kColumns, bfloat16>()},
      channel_table<float>(),
      channel_table<double>(),
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
