// Normalising the channels of a slab with known statistics: the map that training and evaluation share.
#pragma once

#include "kernels/activation.h"
#include "kernels/channel_kernels.h"
#include "kernels/tiles.h"

namespace evenkeel::kernels {

// Values in float64, for the arithmetic per channel.
template <typename R>
const double* widened(const R* values, std::int64_t count, Workspace& workspace) {
  double* wide = workspace.take<double>(count);
  for (std::int64_t i = 0; i < count; ++i) wide[i] = static_cast<double>(values[i]);
  return wide;
}

// A parameter's values of the channels from `first` on; it may be null.
template <typename R>
R* from_channel(R* values, std::int64_t first) {
  return values ? values + first : nullptr;
}

template <typename T>
class NormalizationMap {
 public:
  template <typename Call>
  NormalizationMap(const Call& call, const Plan& plan, std::int64_t slab)
      : plan_(plan),
        slab_(slab),
        weight_(from_channel(call.weight, plan.first_channel(slab))),
        bias_(from_channel(call.bias, plan.first_channel(slab))),
        eps_(call.eps) {
    operands_.x = call.input;
    operands_.residual = call.residual;
    operands_.y = call.output;
    operands_.activated = call.activation != Activation::kNone;
    operands_.negative_slope = static_cast<R>(slope_below_zero(call));
    operands_.positive = operands_.activated ? call.positive : nullptr;
  }

  // `mean` and `m2` hold the slab's channels: sums over `count` values.
  void set_statistics(const double* mean, const double* m2, double count, Workspace& workspace) {
    const std::int64_t channels = plan_.channels_of(slab_);
    R* high = workspace.take<R>(channels);
    R* scale = workspace.take<R>(channels);
    R* offset = workspace.take<R>(channels);
    channel_kernels<R>().normalization(
        {channels, count, eps_, mean, m2, weight_, bias_, high, scale, offset});
    operands_.mean = spread(plan_, slab_, high, workspace);
    operands_.scale = spread(plan_, slab_, scale, workspace);
    operands_.offset = spread(plan_, slab_, offset, workspace);
  }

  void map(std::int64_t block, Workspace) const {
    const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
    for_each_tile(plan_, slab_, block, [&](const PlacedTile& placed) {
      Normalization<T> operands = operands_;
      operands.x += placed.offset;
      operands.y += placed.offset;
      if (operands.residual) operands.residual += placed.offset;
      if (operands.positive) operands.positive += placed.bits;
      operands.mean += placed.parameter;
      operands.scale += placed.parameter;
      operands.offset += placed.parameter;
      kernels.normalize(placed.tile, operands);
    });
  }

 private:
  using R = Parameter<T>;

  const Plan& plan_;
  const std::int64_t slab_;
  const R* weight_;
  const R* bias_;
  const double eps_;
  Normalization<T> operands_;
};

}  // namespace evenkeel::kernels
