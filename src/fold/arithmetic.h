// The folded weights, in float64.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "fold/parts.h"

namespace evenkeel::folding {

// A norm's y = x * scale + shift, float64 [C].
struct ScaleAndShift {
  torch::Tensor scale, shift;
};

// What a layer computes for one output channel, whichever way its kind stores the weights.
struct LayerMatrix {
  torch::Tensor weight;  // float64 [outputs, inputs of a group, taps]
  torch::Tensor bias;    // float64 [outputs]
  std::int64_t groups = 1;

  std::int64_t terms() const { return weight.size(1) * weight.size(2); }  // of the sum for one output value
  std::int64_t taps() const { return weight.size(2); }

  // Values of the input channels beside the weights they meet: [outputs, inputs of a group, 1].
  torch::Tensor of_inputs(const torch::Tensor& values) const;
};

// A bias that is missing is zeros.
LayerMatrix matrix_of(const LayerParts& layer);
// The weights as the layer stores them, in its layout and dtype.
torch::Tensor stored_weight(const LayerMatrix& matrix, const LayerParts& layer);

ScaleAndShift scale_and_shift(const NormParts& norm);

// Throws c10::Error when the shift would reach outputs that do not see every tap.
LayerMatrix folded(const LayerMatrix& layer, const PairParts& pair);

}  // namespace evenkeel::folding
