// The small residual network for 32 x 32 colour pictures from "How to Train Your ResNet" (D. Page, 2018).
#pragma once

#include <torch/nn/pimpl.h>

#include <cstdint>

#include "models/network.h"
#include "models/norms/norm.h"

namespace evenkeel::models {

// With unit(a, b) = conv a->b 3x3 padding 1, norm, ReLU; and w the width, 64 as published (6.57 million parameters):
//   prep        unit(3, w)
//   layer1      unit(w, 2w), max-pool 2
//   residual1   x + unit(2w, 2w) of unit(2w, 2w) of x
//   layer2      unit(2w, 4w), max-pool 2
//   layer3      unit(4w, 8w), max-pool 2
//   residual3   x + unit(8w, 8w) of unit(8w, 8w) of x
//   classifier  max-pool 4, linear 8w->10 without bias; its output times 0.125
// As published, the way around is added after the second ReLU. So Evenkeel's norms do the ReLU in the same pass, but not the
// addition, which they would do before it: relu(norm(x) + residual), as in He et al., is another network.
//
// The names in a part are conv, norm and relu, with 1 and 2 behind them in the residual ones. Norm::kBatch does the
// ReLU itself and has no relu, which holds no tensors, so that the names of all tensors are the same with every
// norm. A convolution has no bias where the norm would take it away again.
class ResNet9Impl : public Network {
 public:
  static constexpr std::int64_t kPublishedWidth = 64;
  static constexpr double kLogitScale = 0.125;

  // PyTorch's default initialisation, from LibTorch's global generator. Seeded alike, networks of one width start
  // from the same weights whatever their norms: those of the network in Python that has norms.
  // Without `fuse_relu`, Norm::kBatch leaves the ReLU to a layer of its own, to measure what fusing is worth.
  explicit ResNet9Impl(Norm norm, std::int64_t width = kPublishedWidth, bool fuse_relu = true);

  // float32 [N, 3, 32, 32] -> logits [N, 10]
  torch::Tensor forward_by_parts(const torch::Tensor& pictures, const CallPart& call) override;

  torch::nn::Sequential prep, layer1, residual1, layer2, layer3, residual3, classifier;
};
TORCH_MODULE(ResNet9);

}  // namespace evenkeel::models
