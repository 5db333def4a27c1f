#include "models/resnet9.h"

#include <torch/torch.h>

#include <string>

#include "evenkeel/batch_norm.h"
#include "models/norms/make_norm.h"

namespace evenkeel::models {
namespace {

using torch::nn::Sequential;

// How the convolutions are normalised.
struct Style {
  Norm norm;
  bool fuse_relu;
};

void add_unit(Sequential& layers, Style style, std::int64_t in, std::int64_t out,
              const std::string& number = "") {
  layers->push_back(
      "conv" + number,
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(!makes_bias_redundant(style.norm))));
  if (style.norm == Norm::kBatch && style.fuse_relu) {
    layers->push_back("norm" + number, BatchNorm2d(BatchNormOptions(out).activation(Activation::kReLU)));
    return;
  }
  layers->push_back("norm" + number, make_norm(style.norm, out, 2));
  layers->push_back("relu" + number, torch::nn::ReLU());
}

void add_pooled_unit(Sequential& layers, Style style, std::int64_t in, std::int64_t out) {
  add_unit(layers, style, in, out);
  layers->push_back("pool", torch::nn::MaxPool2d(2));
}

void add_two_units(Sequential& layers, Style style, std::int64_t channels) {
  add_unit(layers, style, channels, channels, "1");
  add_unit(layers, style, channels, channels, "2");
}

void copy_weights(const torch::nn::Module& from, const torch::nn::Module& to) {
  const torch::NoGradGuard no_graph;
  auto targets = to.named_parameters();
  for (const auto& item : from.named_parameters())
    if (auto* target = targets.find(item.key())) target->copy_(item.value());
}

}  // namespace

ResNet9Impl::ResNet9Impl(Norm norm, std::int64_t width, bool fuse_relu) {
  // A bias is drawn between two weights, which moves the second one to other numbers of the generator.
  ResNet9 without_biases(nullptr);
  if (!makes_bias_redundant(norm)) without_biases = ResNet9(Norm::kTorch, width);

  const Style style{norm, fuse_relu};
  add_unit(prep, style, 3, width);
  add_pooled_unit(layer1, style, width, 2 * width);
  add_two_units(residual1, style, 2 * width);
  add_pooled_unit(layer2, style, 2 * width, 4 * width);
  add_pooled_unit(layer3, style, 4 * width, 8 * width);
  add_two_units(residual3, style, 8 * width);
  classifier->push_back("pool", torch::nn::MaxPool2d(4));
  classifier->push_back("flatten", torch::nn::Flatten());
  classifier->push_back("linear",
                        torch::nn::Linear(torch::nn::LinearOptions(8 * width, kClasses).bias(false)));
  register_module("prep", prep);
  register_module("layer1", layer1);
  register_module("residual1", residual1);
  register_module("layer2", layer2);
  register_module("layer3", layer3);
  register_module("residual3", residual3);
  register_module("classifier", classifier);
  if (!without_biases.is_empty()) copy_weights(*without_biases, *this);
}

torch::Tensor ResNet9Impl::forward_by_parts(const torch::Tensor& pictures, const CallPart& call) {
  auto x = call("layer1", layer1, call("prep", prep, pictures));
  x = x + call("residual1", residual1, x);
  x = call("layer3", layer3, call("layer2", layer2, x));
  x = x + call("residual3", residual3, x);
  return call("classifier", classifier, x) * kLogitScale;
}

}  // namespace evenkeel::models
