#include "lab/networks.h"

#include <fmt/format.h>
#include <torch/nn.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>

#include "models/norms/make_norm.h"

namespace evenkeel::lab {
namespace {

namespace nn = torch::nn;

nn::AnyModule make(Nonlinearity nonlinearity) {
  switch (nonlinearity) {
    case Nonlinearity::kReLU:
      return nn::AnyModule(nn::ReLU());
    case Nonlinearity::kSigmoid:
      return nn::AnyModule(nn::Sigmoid());
    case Nonlinearity::kSoftplus:
      return nn::AnyModule(nn::Softplus(nn::SoftplusOptions().beta(10)));
  }
  throw std::logic_error("a nonlinearity without a layer");
}

bool is_nonlinearity(const nn::Module& module) {
  return module.as<nn::ReLU>() != nullptr || module.as<nn::Sigmoid>() != nullptr ||
         module.as<nn::Softplus>() != nullptr;
}

double deviation_of(Weights weights, std::int64_t fan_in, double constant) {
  switch (weights) {
    case Weights::kHe:
      return std::sqrt(2 / static_cast<double>(fan_in));
    case Weights::kFanIn:
      return std::sqrt(1 / static_cast<double>(fan_in));
    case Weights::kConstant:
      return constant;
  }
  throw std::logic_error("weights without a deviation");
}

}  // namespace

MakeNorm norm(models::Norm norm) {
  if (norm == models::Norm::kNone) return {};
  return [norm](std::int64_t width) { return models::make_norm(norm, width, 0); };
}

std::string in_words(models::Norm norm) {
  return norm == models::Norm::kNone ? "without" : fmt::format("with {} norm", name_of(norm));
}

std::vector<std::int64_t> layers(std::int64_t count, std::int64_t width) {
  return std::vector<std::int64_t>(static_cast<std::size_t>(count), width);
}

Network make_mlp(const Mlp& mlp, std::uint64_t seed) {
  Network network;
  auto inputs = mlp.inputs;
  for (const auto width : mlp.hidden) {
    network->push_back(nn::Linear(nn::LinearOptions(inputs, width).bias(!mlp.norm || mlp.bias_before_norm)));
    if (mlp.norm) network->push_back(mlp.norm(width));
    network->push_back(make(mlp.nonlinearity));
    if (mlp.dropout > 0) network->push_back(nn::Dropout(mlp.dropout));
    inputs = width;
  }
  network->push_back(nn::Linear(inputs, mlp.outputs));
  draw_weights(*network, mlp.weights, mlp.deviation, seed);
  return network;
}

void draw_weights(torch::nn::Module& network, Weights weights, double deviation, std::uint64_t seed) {
  torch::manual_seed(seed);
  const torch::NoGradGuard no_graph;
  for (const auto& module : network.modules(false)) {
    if (module->as<nn::Linear>() == nullptr && module->as<nn::Conv2d>() == nullptr) continue;
    auto parameters = module->named_parameters(false);
    auto& weight = parameters["weight"];
    weight.normal_(0, deviation_of(weights, weight[0].numel(), deviation));
    if (auto* bias = parameters.find("bias")) bias->zero_();
  }
}

std::vector<nn::Linear> linear_layers(Network& network) {
  std::vector<nn::Linear> found;
  for (const auto& module : network->children())
    if (auto linear = std::dynamic_pointer_cast<nn::LinearImpl>(module)) found.emplace_back(linear);
  return found;
}

std::vector<torch::Tensor> nonlinearity_inputs(Network& network, const torch::Tensor& pictures) {
  std::vector<torch::Tensor> inputs;
  auto x = pictures;
  for (auto layer = network->begin(); layer != network->end(); ++layer) {
    if (is_nonlinearity(*layer->ptr())) inputs.push_back(x);
    x = layer->forward(x);
  }
  inputs.push_back(x);
  return inputs;
}

Network copy_of(Network& network) {
  return Network(std::dynamic_pointer_cast<nn::SequentialImpl>(network->clone()));
}

}  // namespace evenkeel::lab
