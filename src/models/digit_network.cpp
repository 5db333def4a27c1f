#include "models/digit_network.h"

#include <torch/torch.h>

#include "models/norms/make_norm.h"

namespace evenkeel::models {
namespace {

void add_convolution(torch::nn::Sequential& layers, Norm norm, std::int64_t in, std::int64_t out) {
  layers->push_back(
      torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 5).bias(!makes_bias_redundant(norm))));
  layers->push_back(make_norm(norm, out, 2));
  layers->push_back(torch::nn::ReLU());
  layers->push_back(torch::nn::MaxPool2d(2));
}

}  // namespace

DigitNetworkImpl::DigitNetworkImpl(Norm norm) {
  constexpr std::int64_t kHidden = 500;
  add_convolution(features, norm, 1, 20);
  add_convolution(features, norm, 20, 50);
  classifier->push_back(torch::nn::Flatten());
  classifier->push_back(
      torch::nn::Linear(torch::nn::LinearOptions(50 * 4 * 4, kHidden).bias(!makes_bias_redundant(norm, 0))));
  classifier->push_back(make_norm(norm, kHidden, 0));
  classifier->push_back(torch::nn::ReLU());
  classifier->push_back(torch::nn::Linear(kHidden, kClasses));
  register_module("features", features);
  register_module("classifier", classifier);
}

torch::Tensor DigitNetworkImpl::forward_by_parts(const torch::Tensor& pictures, const CallPart& call) {
  return call("classifier", classifier, call("features", features, pictures));
}

}  // namespace evenkeel::models
