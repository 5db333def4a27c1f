#include "lab/small_cnn.h"

#include <torch/nn.h>

namespace evenkeel::lab {

Network make_small_cnn(const MakeNorm& norm, std::uint64_t seed) {
  namespace nn = torch::nn;
  Network network;
  std::int64_t inputs = 1;
  for (const std::int64_t channels : {10, 20}) {
    network->push_back(nn::Conv2d(nn::Conv2dOptions(inputs, channels, 5)));
    if (norm) network->push_back(norm(channels));
    network->push_back(nn::ReLU());
    network->push_back(nn::MaxPool2d(2));
    inputs = channels;
  }
  network->push_back(nn::Flatten());
  network->push_back(nn::Linear(20 * 4 * 4, 10));
  draw_weights(*network, Weights::kHe, 0, seed);
  return network;
}

}  // namespace evenkeel::lab
