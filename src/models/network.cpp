#include "models/network.h"

#include "models/digit_network.h"
#include "models/resnet9.h"

namespace evenkeel::models {

torch::Tensor Network::forward(const torch::Tensor& pictures) {
  return forward_by_parts(pictures, [](const std::string&, torch::nn::Sequential& part,
                                       const torch::Tensor& x) { return part->forward(x); });
}

std::shared_ptr<Network> make_network(const ModelConfig& config) {
  if (config.model == Model::kResNet9) return std::make_shared<ResNet9Impl>(config.norm, config.width);
  return std::make_shared<DigitNetworkImpl>(config.norm);
}

}  // namespace evenkeel::models
