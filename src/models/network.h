// What the trainer, evaluation, calibration and folding know of a network.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>

#include "models/model.h"

namespace evenkeel::models {

// Pictures to logits of kClasses classes. A network is made of parts, Sequentials that are registered by their names; its norms
// stand in them, beside the layers they normalise.
class Network : public torch::nn::Module {
 public:
  // What is done with a part and its input, in place of part->forward(x).
  using CallPart = std::function<torch::Tensor(const std::string& name, torch::nn::Sequential& part,
                                               const torch::Tensor& x)>;

  // float32 [N, channels, rows, columns] -> logits [N, kClasses]
  torch::Tensor forward(const torch::Tensor& pictures);

  // The same, each part called through `call`, in order.
  virtual torch::Tensor forward_by_parts(const torch::Tensor& pictures, const CallPart& call) = 0;
};

// The network of config.model with config.norm, from LibTorch's global generator.
std::shared_ptr<Network> make_network(const ModelConfig& config);

}  // namespace evenkeel::models
