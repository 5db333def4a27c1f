#include "fold/pair.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "fold/arithmetic.h"
#include "fold/bound.h"

namespace evenkeel::folding {
namespace {

using torch::Tensor;
using torch::nn::Module;

// The parameters are the layer's alone, which stands in the network once.
void check_unshared(const LayerParts& layer, const Module& network) {
  for (const auto& own : {layer.weight, layer.bias}) {
    if (!own.defined()) continue;
    std::string users;
    int count = 0;
    network.apply([&](const std::string& name, const Module& module) {
      for (const auto& other : module.named_parameters(/*recurse=*/false)) {
        if (!other.value().is_alias_of(own)) continue;
        users += (count++ == 0 ? "" : ", ") + name + "." + other.key();
      }
    });
    TORCH_CHECK(count <= 1, "[fold] expected a ", layer.kind, " whose weights no other module shares, got ",
                users);
  }
}

// Largest over everything but the channels, dimension 1.
Tensor largest_of_channels(const Tensor& values) {
  return values.transpose(0, 1).reshape({values.size(1), -1}).amax(1);
}

}  // namespace

FoldPair::FoldPair(std::shared_ptr<Module> first, std::shared_ptr<Module> second, const Module* network) {
  TORCH_CHECK(first && second, "[fold] expected two modules, got an empty holder");
  const torch::NoGradGuard no_graph;
  parts_ = parts_of(*first, *second);
  layer_ = parts_.place == NormPlace::kAfter ? first : second;
  if (network != nullptr) check_unshared(parts_.layer, *network);
  const LayerMatrix matrix = folding::folded(matrix_of(parts_.layer), parts_);
  folded_weight_ = stored_weight(matrix, parts_.layer);
  folded_bias_ = matrix.bias.to(folded_weight_.scalar_type());
  TORCH_CHECK(folded_weight_.isfinite().all().item<bool>() && folded_bias_.isfinite().all().item<bool>(),
              "[fold] expected folded weights in the range of ", folded_weight_.scalar_type(),
              ", got larger ones");
  folded_ = layer_with(*layer_, folded_weight_, folded_bias_);
}

void FoldPair::check_input(const Tensor& input) const {
  const auto& layer = parts_.layer;
  const auto dimensions = layer.spatial_dimensions + 2;
  TORCH_CHECK(input.dim() == dimensions && input.numel() > 0, "[fold] expected data of ", dimensions,
              " dimensions for ", layer.kind, " and ", parts_.norm.kind, ", got ", input.sizes());
  TORCH_CHECK(input.scalar_type() == layer.weight.scalar_type(), "[fold] expected data of dtype ",
              layer.weight.scalar_type(), " like the ", layer.kind, ", got ", input.scalar_type());
}

Tensor FoldPair::measure(const Tensor& input) {
  check_input(input);
  const torch::NoGradGuard no_graph;
  const double largest = input.abs().max().item<double>();
  TORCH_CHECK(std::isfinite(largest), "[fold] expected finite data, got NaN or Inf");
  const bool after = parts_.place == NormPlace::kAfter;
  const Tensor expected = after ? parts_.norm.normalise(evaluate_layer(*layer_, input))
                                : evaluate_layer(*layer_, parts_.norm.normalise(input));
  const Tensor found = evaluate_layer(*folded_, input);
  const Tensor difference =
      largest_of_channels((found.to(torch::kDouble) - expected.to(torch::kDouble)).abs_());
  measured_ = measured_.defined() ? torch::max(measured_, difference) : difference;
  largest_input_ = std::max(largest_input_.value_or(0), largest);
  return expected;
}

FoldCertificate FoldPair::certificate(std::optional<double> largest_input) const {
  FoldCertificate certificate;
  certificate.measured = measured_;
  if (!largest_input) largest_input = largest_input_;
  if (!largest_input) return certificate;
  TORCH_CHECK(*largest_input >= largest_input_.value_or(0) && std::isfinite(*largest_input),
              "[fold] expected a largest_input that the data do not exceed, got ", *largest_input,
              " and data up to ", largest_input_.value_or(0));
  certificate.largest_input = *largest_input;
  certificate.bound = fold_bound(parts_, folded_weight_, folded_bias_, *largest_input);
  if (measured_.defined()) check_within(measured_, certificate.bound, parts_);
  return certificate;
}

}  // namespace evenkeel::folding
