#include "fold/arithmetic.h"

#include <torch/torch.h>

namespace evenkeel::folding {
namespace {

using torch::Tensor;

Tensor in_double(const Tensor& values) { return values.detach().to(torch::kDouble); }

Tensor by_output(const Tensor& values) { return values.reshape({-1, 1, 1}); }

}  // namespace

Tensor LayerMatrix::of_inputs(const Tensor& values) const {
  const auto outputs = weight.size(0);
  const auto inputs = weight.size(1);
  return values.reshape({groups, 1, inputs})
      .expand({groups, outputs / groups, inputs})
      .reshape({outputs, inputs, 1});
}

LayerMatrix matrix_of(const LayerParts& layer) {
  Tensor weight = in_double(layer.weight);
  if (layer.transposed) {  // [inputs, outputs of a group, taps...]
    const auto outputs = weight.size(1);
    weight = weight.reshape({layer.groups, weight.size(0) / layer.groups, outputs, -1}).transpose(1, 2);
    weight = weight.reshape({layer.groups * outputs, weight.size(2), -1});
  } else {  // [outputs, inputs of a group, taps...]
    weight = weight.reshape({weight.size(0), weight.size(1), -1});
  }
  const Tensor bias =
      layer.bias.defined() ? in_double(layer.bias) : torch::zeros({weight.size(0)}, torch::kDouble);
  return {weight, bias, layer.groups};
}

Tensor stored_weight(const LayerMatrix& matrix, const LayerParts& layer) {
  Tensor weight = matrix.weight;
  if (layer.transposed) {
    weight =
        weight.reshape({layer.groups, weight.size(0) / layer.groups, weight.size(1), -1}).transpose(1, 2);
  }
  return torch::empty_like(layer.weight).copy_(weight.reshape(layer.weight.sizes()));
}

ScaleAndShift scale_and_shift(const NormParts& norm) {
  const Tensor invstd = torch::rsqrt(in_double(norm.running_var) + norm.eps);
  const Tensor scale = norm.weight.defined() ? in_double(norm.weight) * invstd : invstd;
  const Tensor from_mean = in_double(norm.running_mean) * scale;
  return {scale, norm.bias.defined() ? in_double(norm.bias) - from_mean : -from_mean};
}

LayerMatrix folded(const LayerMatrix& layer, const PairParts& pair) {
  const auto [scale, shift] = scale_and_shift(pair.norm);
  if (pair.place == NormPlace::kAfter)
    return {layer.weight * by_output(scale), layer.bias * scale + shift, layer.groups};
  TORCH_CHECK(pair.layer.missing_taps.empty() || !shift.any().item<bool>(), "[fold] expected a ",
              pair.norm.kind, " without shift, or a ", pair.layer.kind,
              " whose outputs all see every tap, got a shift and ", pair.layer.missing_taps);
  return {layer.weight * layer.of_inputs(scale),
          layer.bias + (layer.weight * layer.of_inputs(shift)).sum({1, 2}), layer.groups};
}

}  // namespace evenkeel::folding
