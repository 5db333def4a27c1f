// Layers and norms with random values, and what a pair of them gives, for the tests of folding.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "evenkeel/batch_norm.h"
#include "evenkeel/fold.h"
#include "fold/parts.h"
#include "libtorch/oracle.h"

namespace evenkeel::testing {

using torch::Tensor;
using Module = std::shared_ptr<torch::nn::Module>;

struct LayerCase {
  int dimensions = 2;  // 0: linear
  bool transposed = false;
  std::int64_t in = 4, out = 6, groups = 1;
  std::int64_t kernel = 3, stride = 1, padding = 0, dilation = 1, output_padding = 0;
  bool bias = true;
  torch::nn::detail::conv_padding_mode_t mode = torch::kZeros;
};

template <typename Impl, std::size_t D>
Module make_convolution(const LayerCase& c) {
  if constexpr (std::is_base_of_v<torch::nn::ConvTransposeNdImpl<D, Impl>, Impl>) {
    return std::make_shared<Impl>(torch::nn::ConvTransposeOptions<D>(c.in, c.out, c.kernel)
                                      .stride(c.stride)
                                      .padding(c.padding)
                                      .output_padding(c.output_padding)
                                      .dilation(c.dilation)
                                      .groups(c.groups)
                                      .bias(c.bias));
  } else {
    return std::make_shared<Impl>(torch::nn::ConvOptions<D>(c.in, c.out, c.kernel)
                                      .stride(c.stride)
                                      .padding(torch::ExpandingArray<D>(c.padding))
                                      .dilation(c.dilation)
                                      .groups(c.groups)
                                      .padding_mode(c.mode)
                                      .bias(c.bias));
  }
}

inline Module make_layer(const LayerCase& c) {
  using namespace torch::nn;
  switch (c.dimensions + (c.transposed ? 10 : 0)) {
    case 1:
      return make_convolution<Conv1dImpl, 1>(c);
    case 2:
      return make_convolution<Conv2dImpl, 2>(c);
    case 3:
      return make_convolution<Conv3dImpl, 3>(c);
    case 11:
      return make_convolution<ConvTranspose1dImpl, 1>(c);
    case 12:
      return make_convolution<ConvTranspose2dImpl, 2>(c);
    case 13:
      return make_convolution<ConvTranspose3dImpl, 3>(c);
    default:
      return std::make_shared<LinearImpl>(LinearOptions(c.in, c.out).bias(c.bias));
  }
}

struct NormCase {
  bool evenkeel = true;
  bool affine = true;
  double eps = 1e-5;
};

// In evaluation mode, with statistics and parameters of their own, a few of them zero.
inline Module make_norm(int dimensions, std::int64_t channels, const NormCase& c) {
  const auto ours = BatchNormOptions(channels).affine(c.affine).eps(c.eps);
  const auto torchs = torch::nn::BatchNormOptions(channels).affine(c.affine).eps(c.eps);
  Module norm;
  if (dimensions == 3) {
    norm = c.evenkeel ? Module(std::make_shared<BatchNorm3dImpl>(ours))
                      : std::make_shared<torch::nn::BatchNorm3dImpl>(torchs);
  } else if (dimensions == 2) {
    norm = c.evenkeel ? Module(std::make_shared<BatchNorm2dImpl>(ours))
                      : std::make_shared<torch::nn::BatchNorm2dImpl>(torchs);
  } else {
    norm = c.evenkeel ? Module(std::make_shared<BatchNorm1dImpl>(ours))
                      : std::make_shared<torch::nn::BatchNorm1dImpl>(torchs);
  }
  const torch::NoGradGuard no_graph;
  norm->eval();
  for (auto& item : norm->named_parameters()) item.value().normal_().index_put_({0}, 0);
  norm->named_buffers()["running_mean"].normal_(0, 2);
  norm->named_buffers()["running_var"].exponential_().add_(0.01);
  return norm;
}

inline Tensor draw_input(const LayerCase& c, std::int64_t size, torch::Dtype dtype) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(c.dimensions) + 2, size);
  sizes[0] = 3;
  sizes[1] = c.in;
  return torch::randn(sizes).to(dtype);
}

inline Module in_double(const Module& module) {
  auto copy = module->clone();
  copy->to(torch::kDouble);
  copy->eval();
  return copy;
}

// The formula of the norm in float64.
inline Tensor norm_in_double(const Module& norm, const Tensor& x) {
  const auto parameters = norm->named_parameters();
  const auto buffers = norm->named_buffers();
  const auto value = [](const auto& tensors, const char* name) {
    const Tensor* found = tensors.find(name);
    return found != nullptr ? found->detach().to(torch::kDouble) : Tensor();
  };
  const auto* ours = dynamic_cast<const BatchNormLayer*>(norm.get());
  double eps = ours != nullptr ? ours->options.eps() : 0;
  if (const auto* d1 = norm->as<torch::nn::BatchNorm1dImpl>()) eps = d1->options.eps();
  if (const auto* d2 = norm->as<torch::nn::BatchNorm2dImpl>()) eps = d2->options.eps();
  if (const auto* d3 = norm->as<torch::nn::BatchNorm3dImpl>()) eps = d3->options.eps();
  return formula(x, value(parameters, "weight"), value(parameters, "bias"), value(buffers, "running_mean"),
                 value(buffers, "running_var"), eps);
}

// LibTorch's layer in float64.
inline Tensor layer_in_double(const Module& layer, const Tensor& x) {
  const torch::NoGradGuard no_graph;
  return folding::evaluate_layer(*in_double(layer), x.to(torch::kDouble));
}

// The same with the absolute values of weights and input: what rounding errors are measured against.
inline Tensor layer_of_magnitudes(const Module& layer, const Tensor& x) {
  const torch::NoGradGuard no_graph;
  const auto copy = in_double(layer);
  for (auto& item : copy->named_parameters()) item.value().abs_();
  return folding::evaluate_layer(*copy, x.to(torch::kDouble).abs());
}

inline double unit_of(torch::Dtype dtype) {
  return dtype == torch::kDouble ? 0x1p-53 : dtype == torch::kFloat ? 0x1p-24 : 0x1p-8;
}

inline std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {  // oneDNN's are others
    return error.what();
  }
  return "no error";
}

// Whether LibTorch itself has this layer in this dtype, on this processor.
inline bool computes(const Module& layer, const Tensor& x) {
  const torch::NoGradGuard no_graph;
  return refusal([&] { folding::evaluate_layer(*layer, x); }) == "no error";
}

}  // namespace evenkeel::testing
