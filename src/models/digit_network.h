// The convolutional network for grey digits.
#pragma once

#include <torch/nn/pimpl.h>

#include "models/network.h"
#include "models/norms/norm.h"

namespace evenkeel::models {

// conv 1->20 5x5, norm, ReLU, max-pool 2; conv 20->50 5x5, norm, ReLU, max-pool 2; linear 800->500, norm,
// ReLU; linear 500->10. A layer that a batch norm follows has no bias, because the norm would take it away
// again. Without norm the places of the norms are Identity layers, so that the names of all other tensors
// stay. docs/run_folder.md has the same network in Python.
class DigitNetworkImpl : public Network {
 public:
  // PyTorch's default initialisation, from LibTorch's global generator: seeded alike, networks with either
  // batch norm start from the same weights, which are those of the network in Python.
  explicit DigitNetworkImpl(Norm norm);

  // float32 [N, 1, 28, 28] -> logits [N, 10]
  torch::Tensor forward_by_parts(const torch::Tensor& pictures, const CallPart& call) override;

  torch::nn::Sequential features;
  torch::nn::Sequential classifier;
};
TORCH_MODULE(DigitNetwork);

}  // namespace evenkeel::models
