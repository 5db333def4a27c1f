#include "fold/bound.h"

#include <ATen/Context.h>
#include <strings.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace evenkeel::folding {
namespace {

using torch::Tensor;

constexpr double kUnitDouble = 0x1p-53;
constexpr double kUnitFloat = 0x1p-24;
constexpr double kUnitBFloat16 = 0x1p-8;

// The largest |(1 + d1) ... (1 + dn) - 1| with all |d| <= u: what n roundings can do to a product or to a term of a sum.
double growth(double n, double unit) { return std::expm1(n * std::log1p(unit)); }

// Both, one after the other.
double combined(double a, double b) { return a + b + a * b; }

// Whether somebody allowed LibTorch or oneDNN to round float32 operands to fewer bits before they are multiplied. bfloat16 is the fewest.
bool operands_may_be_rounded() {
  for (const char* variable : {"ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"}) {
    const char* mode = std::getenv(variable);
    if (mode != nullptr && *mode != '\0' && strcasecmp(mode, "STRICT") != 0) return true;
  }
  try {
    return at::globalContext().float32MatmulPrecision() != at::Float32MatmulPrecision::HIGHEST;
  } catch (const c10::Error&) {
    return true;  // LibTorch's newer switches contradict its older ones
  }
}

// How exactly LibTorch evaluates a layer and a norm in a dtype.
struct Precision {
  double layer = 0;  // relative, to the sum of the terms' absolute values
  double norm = 0;
  double smallest = 0;  // normal number of the arithmetic: below it a rounding may cost this much
  double largest = 0;   // number of the dtype
};

// One rounding for each product and each addition to it: with the bias `terms` + 1 of them at most for any term, in any order.
double layer_precision(const LayerParts& layer, const LayerMatrix& matrix) {
  const auto terms = static_cast<double>(matrix.terms());
  switch (layer.weight.scalar_type()) {
    case torch::kDouble:
      return growth(terms + 1, kUnitDouble);
    case torch::kFloat:
      return combined(growth(terms + 1, kUnitFloat),
                      operands_may_be_rounded() ? growth(2, kUnitBFloat16) : 0);
    default:
      break;
  }
  constexpr bool kConvolvesInBFloat16 =
      TORCH_VERSION_MAJOR < 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 13);
  if (kConvolvesInBFloat16 && layer.spatial_dimensions > 0) return growth(terms + 1, kUnitBFloat16);
  // LibTorch rounds a matrix product to bfloat16 before and after it adds the bias. A transposed convolution may be a
  // matrix product whose results, rounded, are then added up over the taps.
  const double stored = layer.transposed ? static_cast<double>(matrix.taps()) + 2 : 3;
  return combined(growth(terms + 1, kUnitFloat), growth(stored, kUnitBFloat16));
}

// Roundings of a norm, with s = weight / sqrt(var + eps): Evenkeel's (x - mean) * s + bias takes s from float64, 1 for s and 3;
// LibTorch's x * s + (bias - mean * s) 4 for s (eps, sum and root, quotient, product) and 4 on the way of mean * s;
// its other ((x - mean) * (1 / sqrt(var + eps))) * weight + bias 7. In float64, Evenkeel's s takes 4. Hence 8, and one more
// because quotients and roots grow a little faster than products.
double norm_precision(const NormParts& norm, torch::Dtype dtype) {
  constexpr double kRoundings = 9;
  if (dtype == torch::kDouble) return growth(kRoundings, kUnitDouble);
  if (dtype == torch::kFloat) return growth(kRoundings, kUnitFloat);
  // LibTorch may compute with halves as halves; Evenkeel's norm rounds its result once.
  return norm.is_evenkeel ? combined(growth(kRoundings, kUnitFloat), kUnitBFloat16)
                          : growth(kRoundings + 1, kUnitBFloat16);
}

Precision precision_of(const PairParts& pair, const LayerMatrix& matrix) {
  const auto dtype = pair.layer.weight.scalar_type();
  Precision precision{layer_precision(pair.layer, matrix), norm_precision(pair.norm, dtype),
                      std::numeric_limits<float>::min(), std::numeric_limits<float>::max()};
  if (dtype == torch::kDouble) {
    precision.smallest = std::numeric_limits<double>::min();
    precision.largest = std::numeric_limits<double>::max();
  }
  if (dtype == torch::kBFloat16)
    precision.largest = static_cast<double>(std::numeric_limits<c10::BFloat16>::max());
  return precision;
}

// The values of each channel as they go through the network: at most `size` if nothing were rounded, and at most `error` from
// that with all roundings.
struct Values {
  Tensor size, error;
};

Values through_layer(const LayerMatrix& layer, const Values& in, const Precision& precision) {
  const Tensor weight = layer.weight.abs();
  const Tensor size = (weight * layer.of_inputs(in.size)).sum({1, 2}) + layer.bias.abs();
  const Tensor carried = (weight * layer.of_inputs(in.error)).sum({1, 2});
  const double underflow = static_cast<double>(layer.terms()) * precision.smallest;
  return {size, carried + precision.layer * (size + carried) + underflow};
}

Values through_norm(const NormParts& norm, const Values& in, const Precision& precision) {
  const Tensor scale = scale_and_shift(norm).scale.abs();
  const Tensor mean = norm.running_mean.detach().to(torch::kDouble).abs();
  Tensor size = scale * (in.size + mean);
  if (norm.bias.defined()) size = size + norm.bias.detach().to(torch::kDouble).abs();
  const Tensor carried = scale * in.error;
  const Tensor underflow = (in.size + in.error + mean + 3) * precision.smallest;
  return {size, carried + precision.norm * (size + carried) + underflow};
}

}  // namespace

Tensor fold_bound(const PairParts& pair, const Tensor& folded_weight, const Tensor& folded_bias,
                  double largest_input) {
  const LayerMatrix layer = matrix_of(pair.layer);
  const LayerMatrix exact = folded(layer, pair);  // but for the roundings of float64
  LayerParts stored_parts = pair.layer;
  stored_parts.weight = folded_weight;
  stored_parts.bias = folded_bias;
  const LayerMatrix stored = matrix_of(stored_parts);
  const Precision precision = precision_of(pair, layer);

  const auto inputs = layer.weight.size(1) * layer.groups;
  const Values input{torch::full({inputs}, largest_input, torch::kDouble),
                     torch::zeros({inputs}, torch::kDouble)};
  const bool after = pair.place == NormPlace::kAfter;
  const Values between =
      after ? through_layer(layer, input, precision) : through_norm(pair.norm, input, precision);
  const Values unfolded =
      after ? through_norm(pair.norm, between, precision) : through_layer(layer, between, precision);
  const Values replaced = through_layer(stored, input, precision);

  // What rounding the folded weights changes, and what the roundings of `exact` hide: it takes 16 for a coefficient at most, and
  // the sum over the taps.
  const Tensor rounded = ((stored.weight - exact.weight).abs() * largest_input).sum({1, 2}) +
                         (stored.bias - exact.bias).abs() +
                         growth(static_cast<double>(layer.terms()) + 16, kUnitDouble) * unfolded.size;

  double reached = largest_input;
  for (const auto& values : {between, unfolded, replaced})
    reached = std::max(reached, (values.size + values.error).max().item<double>());
  reached = std::max(reached, pair.norm.running_mean.abs().max().item<double>());
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (!(2 * reached <= precision.largest)) return torch::full_like(unfolded.error, kInf);

  constexpr double kRoundingsOfTheBound = 1 + 0x1p-20;  // itself computed in float64, as is what is measured
  return (unfolded.error + replaced.error + rounded) * kRoundingsOfTheBound;
}

void check_within(const Tensor& measured, const Tensor& bound, const PairParts& pair) {
  const Tensor beyond = measured.le(bound).logical_or(bound.isinf()).logical_not();  // NaN is no proof either
  if (!beyond.any().item<bool>()) return;
  const auto channel = beyond.nonzero()[0].item<std::int64_t>();
  TORCH_CHECK(
      false, "[fold] expected ", pair.layer.kind, " and ", pair.norm.kind,
      " to be computed in the precision of their dtype, found outputs of channel ", channel, " off by ",
      measured[channel].item<double>(), ", beyond the proven ", bound[channel].item<double>(),
      ": a reduced precision of float32 products is allowed, or an algorithm that the bound does not cover");
}

}  // namespace evenkeel::folding
