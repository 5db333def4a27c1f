#include "bench/step_networks.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "evenkeel/batch_norm.h"
#include "models/digit_network.h"
#include "models/resnet9.h"

namespace evenkeel::bench {
namespace {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

constexpr std::int64_t kBatch = 64;

template <typename Norm>
class SeparateRelu final : public NormRelu {
 public:
  explicit SeparateRelu(std::int64_t channels) : norm_(register_module("norm", Norm(channels))) {}
  Tensor forward(const Tensor& x) override { return torch::relu(norm_->forward(x)); }
  Tensor forward(const Tensor& x, const Tensor& residual) override {
    return torch::relu(norm_->forward(x) + residual);
  }

 private:
  Norm norm_;
};

BatchNormOptions with_relu(std::int64_t channels) {
  return BatchNormOptions(channels).activation(Activation::kReLU);
}

class FusedRelu final : public NormRelu {
 public:
  explicit FusedRelu(std::int64_t channels)
      : norm_(register_module("norm", BatchNorm2d(with_relu(channels)))) {}
  Tensor forward(const Tensor& x) override { return norm_->forward(x); }
  Tensor forward(const Tensor& x, const Tensor& residual) override { return norm_->forward(x, residual); }

 private:
  BatchNorm2d norm_;
};

// A batch norm that nothing follows.
void add_plain_norm(torch::nn::Sequential& layers, Norms norms, std::int64_t channels) {
  if (norms == Norms::kTorch) {
    layers->push_back(torch::nn::BatchNorm2d(channels));
  } else {
    layers->push_back(BatchNorm2d(channels));
  }
}

Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride) {
  return Conv2d(Conv2dOptions(in, out, size).stride(stride).padding(size / 2).bias(false));
}

// Two convolutions and a way around them (He et al. 2015, figure 2).
class Block final : public torch::nn::Module {
 public:
  Block(Norms norms, std::int64_t in, std::int64_t out, std::int64_t stride)
      : first_(register_module("first", convolution(in, out, 3, stride))),
        first_norm_(register_module("first_norm", make_norm_relu(norms, out))),
        second_(register_module("second", convolution(out, out, 3, 1))),
        second_norm_(register_module("second_norm", make_norm_relu(norms, out))) {
    if (in == out && stride == 1) return;
    around_->push_back(convolution(in, out, 1, stride));
    add_plain_norm(around_, norms, out);
    register_module("around", around_);
  }

  Tensor forward(const Tensor& x) {
    const Tensor residual = around_->is_empty() ? x : around_->forward(x);
    return second_norm_->forward(second_->forward(first_norm_->forward(first_->forward(x))), residual);
  }

 private:
  Conv2d first_;
  std::shared_ptr<NormRelu> first_norm_;
  Conv2d second_;
  std::shared_ptr<NormRelu> second_norm_;
  torch::nn::Sequential around_;
};

class ResidualNetwork final : public torch::nn::Module {
 public:
  explicit ResidualNetwork(Norms norms)
      : first_(register_module("first", convolution(3, kChannels, 3, 1))),
        first_norm_(register_module("first_norm", make_norm_relu(norms, kChannels))),
        classifier_(register_module("classifier", torch::nn::Linear(4 * kChannels, 10))) {
    std::int64_t in = kChannels;
    for (const std::int64_t factor : {1, 2, 4}) {
      const std::int64_t out = factor * kChannels;
      blocks_->push_back(std::make_shared<Block>(norms, in, out, factor == 1 ? 1 : 2));
      blocks_->push_back(std::make_shared<Block>(norms, out, out, 1));
      in = out;
    }
    register_module("blocks", blocks_);
  }

  Tensor forward(const Tensor& pictures) {
    const Tensor features = blocks_->forward(first_norm_->forward(first_->forward(pictures)));
    return classifier_->forward(features.mean({2, 3}));
  }

 private:
  static constexpr std::int64_t kChannels =
      32;  // half of a ResNet-18's: a step has to take less than a second

  Conv2d first_;
  std::shared_ptr<NormRelu> first_norm_;
  torch::nn::Sequential blocks_;
  torch::nn::Linear classifier_;
};

// models::DigitNetwork, its batch norms with the ReLU inside. One layer after the other, because each draws its
// weights when it is made, and the arguments of a call are made in any order.
StepNetwork make_fused_digit_network() {
  namespace nn = torch::nn;
  nn::Sequential layers;
  layers->push_back(Conv2d(Conv2dOptions(1, 20, 5).bias(false)));
  layers->push_back(BatchNorm2d(with_relu(20)));
  layers->push_back(nn::MaxPool2d(2));
  layers->push_back(Conv2d(Conv2dOptions(20, 50, 5).bias(false)));
  layers->push_back(BatchNorm2d(with_relu(50)));
  layers->push_back(nn::MaxPool2d(2));
  layers->push_back(nn::Flatten());
  layers->push_back(nn::Linear(nn::LinearOptions(50 * 4 * 4, 500).bias(false)));
  layers->push_back(BatchNorm1d(with_relu(500)));
  layers->push_back(nn::Linear(500, 10));
  return {layers.ptr(), [layers](const Tensor& x) { return layers.ptr()->forward(x); }};
}

StepNetwork make_digit_network(Norms norms) {
  if (norms == Norms::kEvenkeelFused) return make_fused_digit_network();
  const models::DigitNetwork network(norms == Norms::kTorch ? models::Norm::kTorch : models::Norm::kBatch);
  return {network.ptr(), [network](const Tensor& x) { return network.ptr()->forward(x); }};
}

StepNetwork make_residual_network(Norms norms) {
  const auto network = std::make_shared<ResidualNetwork>(norms);
  return {network, [network](const Tensor& x) { return network->forward(x); }};
}

StepNetwork make_resnet9(Norms norms, std::int64_t width) {
  const auto norm = norms == Norms::kTorch ? models::Norm::kTorch : models::Norm::kBatch;
  const models::ResNet9 network(norm, width, /*fuse_relu=*/norms == Norms::kEvenkeelFused);
  return {network.ptr(), [network](const Tensor& x) { return network.ptr()->forward(x); }};
}

StepTask resnet9_task(std::int64_t width) {
  constexpr std::int64_t kBatchOfResNet9 = 128;
  return {fmt::format("ResNet-9 of {}", width), {kBatchOfResNet9, 3, 32, 32}, [width](Norms norms) {
            return make_resnet9(norms, width);
          }};
}

}  // namespace

std::string_view name(Norms norms) {
  switch (norms) {
    case Norms::kTorch:
      return "PyTorch";
    case Norms::kEvenkeel:
      return "Evenkeel";
    default:
      return "Evenkeel, fused";
  }
}

const std::vector<Norms>& all_norms() {
  static const std::vector<Norms> all = {Norms::kTorch, Norms::kEvenkeel, Norms::kEvenkeelFused};
  return all;
}

std::shared_ptr<NormRelu> make_norm_relu(Norms norms, std::int64_t channels) {
  if (norms == Norms::kTorch) return std::make_shared<SeparateRelu<torch::nn::BatchNorm2d>>(channels);
  if (norms == Norms::kEvenkeel) return std::make_shared<SeparateRelu<BatchNorm2d>>(channels);
  return std::make_shared<FusedRelu>(channels);
}

const std::vector<StepTask>& step_tasks() {
  static const std::vector<StepTask> tasks = {
      {"digit network", {kBatch, 1, 28, 28}, make_digit_network},
      {"small ResNet", {kBatch, 3, 32, 32}, make_residual_network},
      resnet9_task(16),
      resnet9_task(32),
  };
  return tasks;
}

}  // namespace evenkeel::bench
