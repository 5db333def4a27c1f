#include "training/digit_network.h"

#include <torch/torch.h>

#include "evenkeel/batch_norm.h"
#include "training/evaluation.h"

namespace evenkeel::training {
namespace {

template <typename Ours, typename Torchs>
void add_norm(torch::nn::Sequential& layers, Norm norm, std::int64_t channels) {
  switch (norm) {
    case Norm::kBatch:
      layers->push_back(Ours(BatchNormOptions(channels)));
      break;
    case Norm::kTorch:
      layers->push_back(Torchs(channels));
      break;
    case Norm::kNone:
      layers->push_back(torch::nn::Identity());
      break;
  }
}

void add_convolution(torch::nn::Sequential& layers, Norm norm, std::int64_t in, std::int64_t out) {
  layers->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 5).bias(norm == Norm::kNone)));
  add_norm<BatchNorm2d, torch::nn::BatchNorm2d>(layers, norm, out);
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
      torch::nn::Linear(torch::nn::LinearOptions(50 * 4 * 4, kHidden).bias(norm == Norm::kNone)));
  add_norm<BatchNorm1d, torch::nn::BatchNorm1d>(classifier, norm, kHidden);
  classifier->push_back(torch::nn::ReLU());
  classifier->push_back(torch::nn::Linear(kHidden, kClasses));
  register_module("features", features);
  register_module("classifier", classifier);
}

torch::Tensor DigitNetworkImpl::forward(const torch::Tensor& pictures) {
  return classifier->forward(features->forward(pictures));
}

}  // namespace evenkeel::training
