// Compiled once for each element type, EVENKEEL_ELEMENT (CMakeLists.txt), and in that once for each instruction set:
// highway includes this file again and again.
#include "kernels/vector_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_kernels.cpp"
#include "hwy/foreach_target.h"  // must come before highway.h

#include "kernels/channels-inl.h"
#include "kernels/differences-inl.h"
#include "kernels/lanes-inl.h"
#include "kernels/maps-inl.h"
#include "kernels/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {
namespace {

template <Walk kWalk, typename T>
void moment_sums(const Tile& tile, const T* x, const TileWeights<Parameter<T>>& weights,
                 const Parameter<T>* shift, double* sum, double* dot) {
  const Gradient<T> none{nullptr, nullptr, {}, weights};
  if (weights.values) {
    sum_tile<kWalk, Summand::kWeightedDeviations>(tile, x, none, Centers<Parameter<T>>{shift, nullptr}, sum,
                                                  dot);
  } else {
    sum_tile<kWalk, Summand::kDeviations>(tile, x, none, Centers<Parameter<T>>{shift, nullptr}, sum, dot);
  }
}

template <Walk kWalk, typename T>
void differences(const Tile& tile, const T* x, const TileWeights<Parameter<T>>& weights,
                 const Parameter<T>* same, Parameter<T>* differs) {
  find_differences<kWalk>(tile, x, weights, same, differs);
}

template <Walk kWalk, typename T>
void gradient_sums(const Tile& tile, const T* x, const Gradient<T>& gradient, const Parameter<T>* mean,
                   const Parameter<T>* per_unit, double* sum, double* dot) {
  const Centers<Parameter<T>> centers{mean, per_unit};
  if (gradient.weights.values) {
    sum_tile<kWalk, Summand::kWeightedGradient>(tile, x, gradient, centers, sum, dot);
  } else if (gradient.positive) {
    sum_tile<kWalk, Summand::kActivatedGradient>(tile, x, gradient, centers, sum, dot);
  } else {
    sum_tile<kWalk, Summand::kGradient>(tile, x, gradient, centers, sum, dot);
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
  if (operands.gradient.weights.values) {
    map_gradient<WeightedInputGradient, kWalk>(tile, operands);
  } else {
    map_gradient<InputGradient, kWalk>(tile, operands);
  }
}

template <Walk kWalk, typename T>
void scaled_gradient(const Tile& tile, const GradientMap<T>& operands) {
  map_gradient<ScaledGradient, kWalk>(tile, operands);
}

template <Walk kWalk, typename T>
constexpr VectorKernels<T> table() {
  return {moment_sums<kWalk, T>, differences<kWalk, T>,    gradient_sums<kWalk, T>,
          normalize<kWalk, T>,   input_gradient<kWalk, T>, scaled_gradient<kWalk, T>};
}

const ElementKernels<EVENKEEL_ELEMENT>& element_kernels() {
  using T = EVENKEEL_ELEMENT;
  using R = Parameter<T>;
  static constexpr ElementKernels<T> kKernels{
      {table<Walk::kRuns, T>(), table<Walk::kColumns, T>()},
      {moments_of_channels<R>, normalization_of_channels<R>, units_of_channels<R>, gradient_of_channels<R>}};
  return kKernels;
}

}  // namespace
}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {
namespace {

HWY_EXPORT(element_kernels);

}  // namespace

template <>
const ElementKernels<EVENKEEL_ELEMENT>& element_kernels_of(std::int64_t target) {
#if (HWY_TARGETS & (HWY_TARGETS - 1)) == 0  // the only one
  static_cast<void>(target);
  return HWY_DYNAMIC_DISPATCH(element_kernels)();
#else
  hwy::ChosenTarget chosen;  // Highway's own choice belongs to the whole program
  chosen.Update(target);
  return HWY_DISPATCH_TABLE(element_kernels)[chosen.GetIndex()]();
#endif
}

}  // namespace evenkeel::kernels
#endif
