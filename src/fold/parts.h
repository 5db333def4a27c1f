// What folding reads of the modules it is given: which is the layer, which the norm, and whether they can be one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "evenkeel/fold.h"

namespace evenkeel::folding {

// A Linear, a convolution or a transposed one.
struct LayerParts {
  std::string kind;  // "Conv2d"
  int spatial_dimensions = 0;
  std::int64_t groups = 1;
  bool transposed = false;
  torch::Tensor weight, bias;  // the module's own
  std::string missing_taps;    // why some outputs do not see every tap; empty: all of them do
};

struct NormParts {
  std::string kind;
  int spatial_dimensions = 1;
  bool is_evenkeel = false;
  bool normalises_with_batch = false;
  torch::Tensor weight, bias, running_mean, running_var;  // the module's own
  double eps = 0;
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;

  // The values of the norm, without its activation.
  torch::Tensor normalise(const torch::Tensor& input) const;
};

bool is_layer(const torch::nn::Module& module);
bool is_norm(const torch::nn::Module& module);

struct PairParts {
  LayerParts layer;
  NormParts norm;
  NormPlace place = NormPlace::kAfter;
};

// Throws c10::Error with the reason unless the two can be folded, as far as that depends on them alone.
PairParts parts_of(const torch::nn::Module& first, const torch::nn::Module& second);

// What the layer gives for an input.
torch::Tensor evaluate_layer(torch::nn::Module& layer, const torch::Tensor& input);

// A copy of the layer that has a bias, with these values.
std::shared_ptr<torch::nn::Module> layer_with(const torch::nn::Module& layer, const torch::Tensor& weight,
                                              const torch::Tensor& bias);

}  // namespace evenkeel::folding
