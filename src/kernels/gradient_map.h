// The gradients of the input and of the residual, for a slab whose sums are known: the map that training and
// evaluation share.
#pragma once

#include "kernels/activation.h"
#include "kernels/channel_kernels.h"
#include "kernels/tiles.h"

namespace evenkeel::kernels {

template <typename T>
class InputGradientMap {
 public:
  using R = Parameter<T>;

  template <typename Call>
  InputGradientMap(const Call& call, const Plan& plan, std::int64_t slab) : plan_(plan), slab_(slab) {
    operands_.x = call.input;
    operands_.gradient = incoming_gradient<T>(call);
    operands_.grad_input = call.grad_input;
    operands_.grad_residual = call.grad_residual;
  }

  // Of the positions, or null.
  void set_weights(const R* weights) { weights_ = weights; }

  void set_scale(const R* scale, Workspace& workspace) {
    operands_.scale = spread(plan_, slab_, scale, workspace);
  }

  void set_statistics(const R* mean, const R* per_unit, const R* slope, const R* offset,
                      Workspace& workspace) {
    operands_.mean = spread(plan_, slab_, mean, workspace);
    operands_.per_unit = spread(plan_, slab_, per_unit, workspace);
    operands_.slope = spread(plan_, slab_, slope, workspace);
    operands_.offset = spread(plan_, slab_, offset, workspace);
  }

  void map(std::int64_t block, Workspace scratch) const {
    if (!operands_.grad_input) return;
    const VectorKernels<T>& kernels = vector_kernels<T>(plan_.walk);
    const bool through_statistics = operands_.slope != nullptr;
    const auto map_tile = [&](const PlacedTile& placed, auto weights) {
      GradientMap<T> operands = operands_;
      operands.gradient.weights = weights;
      operands.gradient.values += placed.offset;
      operands.grad_input += placed.offset;
      if (operands.gradient.positive) operands.gradient.positive += placed.bits;
      if (operands.grad_residual) operands.grad_residual += placed.offset;
      operands.scale += placed.parameter;
      if (!through_statistics) return kernels.scaled_gradient(placed.tile, operands);
      operands.x += placed.offset;
      operands.mean += placed.parameter;
      operands.per_unit += placed.parameter;
      operands.slope += placed.parameter;
      operands.offset += placed.parameter;
      kernels.input_gradient(placed.tile, operands);
    };
    for_each_tile(plan_, slab_, block, [&](const PlacedTile& placed) {
      with_weights(placed, plan_, slab_, weights_, scratch, map_tile);
    });
  }

 private:
  const Plan& plan_;
  const std::int64_t slab_;
  const R* weights_ = nullptr;
  GradientMap<T> operands_;
};

}  // namespace evenkeel::kernels
