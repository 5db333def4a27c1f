// The networks that the claims are measured on.
#pragma once

#include <torch/nn/modules/container/any.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <torch/nn/modules/linear.h>

#include "lab/trial.h"
#include "models/norms/norm.h"

namespace evenkeel::lab {

using models::Norm;
using Network = torch::nn::Sequential;

// Makes the layers that stand between a linear layer of that width and its nonlinearity.
using MakeNorm = std::function<torch::nn::AnyModule(std::int64_t width)>;
MakeNorm norm(models::Norm norm);         // empty for kNone
std::string in_words(models::Norm norm);  // "with batch norm", "without", "with group norm", ...

enum class Nonlinearity { kReLU, kSigmoid, kSoftplus };  // softplus: smooth, with beta = 10 close to ReLU

enum class Weights {
  kHe,        // standard deviation sqrt(2 / inputs of the layer)
  kFanIn,     // 1 / sqrt(inputs of the layer)
  kConstant,  // `deviation`
};

// inputs -> width x hidden -> outputs: linear, norm, nonlinearity, dropout for each hidden layer; then linear. The
// linear layers have biases, zero at first, but by default not where a norm makes them redundant.
struct Mlp {
  std::int64_t inputs = 784;
  std::vector<std::int64_t> hidden{};
  std::int64_t outputs = 10;
  Nonlinearity nonlinearity = Nonlinearity::kReLU;
  MakeNorm norm{};
  bool bias_before_norm = false;
  double dropout = 0;  // probability; 0: none
  Weights weights = Weights::kHe;
  double deviation = 0;  // of kConstant
};

// `count` hidden layers of `width`.
std::vector<std::int64_t> layers(std::int64_t count, std::int64_t width = 100);

// Same seed, same weights, whatever stands between the linear layers.
Network make_mlp(const Mlp& mlp, std::uint64_t seed);

// Draws all weights of linear and convolution layers anew; biases become zero.
void draw_weights(torch::nn::Module& network, Weights weights, double deviation, std::uint64_t seed);

// The linear layers of a network, first to last.
std::vector<torch::nn::Linear> linear_layers(Network& network);

// What the nonlinearities get to see: their inputs, first to last, and the output of the network behind them.
std::vector<torch::Tensor> nonlinearity_inputs(Network& network, const torch::Tensor& pictures);

// A copy with parameters and statistics of its own.
Network copy_of(Network& network);

}  // namespace evenkeel::lab
