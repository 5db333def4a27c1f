#include "training/network.h"

namespace evenkeel::training {

torch::Tensor Network::forward(const torch::Tensor& pictures) {
  return forward_by_parts(pictures, [](const std::string&, torch::nn::Sequential& part,
                                       const torch::Tensor& x) { return part->forward(x); });
}

}  // namespace evenkeel::training
