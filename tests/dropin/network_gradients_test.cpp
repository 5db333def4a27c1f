// What exact sums are worth in a whole network: the gradients of a network in the manner of MobileNetV2, with its many batch norms
// one behind the other, lie nearer to those in float64 than with PyTorch's kernels.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "evenkeel/torch_kernels.h"

namespace evenkeel::network_gradients_test {
namespace {

using torch::Tensor;

// Sandler et al. 2018: widen, filter each channel for itself, narrow. With SiLU in place of ReLU6: where a value near 0 or 6 falls on the other
// side of it, a whole gradient is another, whoever's the kernels.
struct InvertedResidual : torch::nn::Module {
  InvertedResidual(std::int64_t inputs, std::int64_t outputs, std::int64_t factor, std::int64_t stride)
      : adds(stride == 1 && inputs == outputs) {
    const std::int64_t wide = inputs * factor;
    const auto conv = [](std::int64_t from, std::int64_t to, std::int64_t kernel) {
      return torch::nn::Conv2dOptions(from, to, kernel).bias(false).padding(kernel / 2);
    };
    path = register_module(
        "path",
        torch::nn::Sequential(
            torch::nn::Conv2d(conv(inputs, wide, 1)), torch::nn::BatchNorm2d(wide), torch::nn::SiLU(),
            torch::nn::Conv2d(conv(wide, wide, 3).groups(wide).stride(stride)), torch::nn::BatchNorm2d(wide),
            torch::nn::SiLU(), torch::nn::Conv2d(conv(wide, outputs, 1)), torch::nn::BatchNorm2d(outputs)));
  }

  Tensor forward(const Tensor& x) { return adds ? x + path->forward(x) : path->forward(x); }

  bool adds;
  torch::nn::Sequential path{nullptr};
};

std::shared_ptr<torch::nn::SequentialImpl> network(std::uint64_t seed) {
  torch::manual_seed(seed);
  auto net = std::make_shared<torch::nn::SequentialImpl>();
  net->push_back(torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 16, 3).stride(2).padding(1).bias(false)));
  net->push_back(torch::nn::BatchNorm2d(16));
  net->push_back(torch::nn::SiLU());
  struct Stage {
    std::int64_t outputs, factor, stride;
  };
  std::int64_t channels = 16;
  for (const Stage& stage : {Stage{16, 1, 1},
                             {24, 6, 2},
                             {24, 6, 1},
                             {32, 6, 2},
                             {32, 6, 1},
                             {32, 6, 1},
                             {48, 6, 1},
                             {48, 6, 1}}) {
    net->push_back(InvertedResidual(channels, stage.outputs, stage.factor, stage.stride));
    channels = stage.outputs;
  }
  net->push_back(torch::nn::AdaptiveAvgPool2d(1));
  net->push_back(torch::nn::Flatten());
  net->push_back(torch::nn::Linear(channels, 10));
  return net;
}

// All gradients in a row, in float64.
Tensor gradients(std::uint64_t seed, torch::Dtype dtype, torch::MemoryFormat format) {
  const auto net = network(seed);
  torch::manual_seed(seed + 100);
  const Tensor pictures = torch::randn({8, 3, 32, 32}) * 2 + 1;
  const Tensor labels = torch::randint(10, {8});
  net->to(dtype);
  torch::nn::functional::cross_entropy(net->forward(pictures.to(dtype).contiguous(format)), labels)
      .backward();
  std::vector<Tensor> all;
  for (const Tensor& parameter : net->parameters())
    all.push_back(parameter.grad().to(torch::kDouble).flatten());
  return torch::cat(all);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The median of some networks.
TEST(NetworkGradientsTest, AreNearerToFloat64ThanPyTorchs) {
  constexpr std::uint64_t kNetworks = 3;
  const int threads = at::get_num_threads();
  at::set_num_threads(1);  // small operators, which threads would wait for longer than they compute
  for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
    std::vector<double> theirs, ours;
    for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
      restore_torch_kernels();
      const Tensor exact = gradients(seed, torch::kDouble, format);
      const auto error = [&] {
        return ((gradients(seed, torch::kFloat, format) - exact).norm() / exact.norm()).item<double>();
      };
      theirs.push_back(error());
      replace_torch_kernels();
      ours.push_back(error());
    }
    restore_torch_kernels();
    const double by_torch = median(theirs);
    const double by_evenkeel = median(ours);
    std::cout << format << ": relative error of the gradients " << by_torch << " with PyTorch's kernels, "
              << by_evenkeel << " with Evenkeel's\n";
    EXPECT_LE(by_evenkeel, 5e-6);
    // Channels first, what the convolutions round decides; channels last, PyTorch adds up whole channels in float32.
    EXPECT_LE(by_evenkeel, by_torch * (format == torch::MemoryFormat::ChannelsLast ? 0.75 : 1.25));
  }
  at::set_num_threads(threads);
}

}  // namespace
}  // namespace evenkeel::network_gradients_test
