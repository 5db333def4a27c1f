// What the tests of the layers compare with, and what they compare.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/batch_norm_options.h"

namespace evenkeel::testing {

using torch::Tensor;
using Sizes = std::vector<std::int64_t>;

// A normalisation of x with parameters, statistics and mode fixed by whoever made it.
using Norm = std::function<Tensor(const Tensor& x, const Tensor& weight, const Tensor& bias)>;

// The formula as the paper writes it. Autograd differentiates it; in float64 it is the reference.
inline Tensor formula(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                      const Tensor& variance, double eps) {
  Sizes channels(static_cast<std::size_t>(x.dim()), 1);
  channels[1] = x.size(1);
  Tensor y = (x - mean.reshape(channels)) / torch::sqrt(variance.reshape(channels) + eps);
  if (weight.defined()) y = y * weight.reshape(channels);
  return bias.defined() ? y + bias.reshape(channels) : y;
}

inline Sizes all_but_channels(const Tensor& x) {
  Sizes dims;
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    if (d != 1) dims.push_back(d);
  }
  return dims;
}

inline Tensor formula_training(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const Sizes dims = all_but_channels(x);
  const Tensor mean = x.mean(dims, /*keepdim=*/true);
  return formula(x, weight, bias, mean, (x - mean).square().mean(dims, /*keepdim=*/true), eps);
}

// How the values of a tensor lie in memory.
enum class Layout {
  kContiguous,
  kChannelsLast,
  kChannelsOutermost,
  kReversed,
  kMisaligned,
  kSliced,
  kNegated
};

inline const char* name_of(Layout layout) {
  static constexpr const char* kNames[] = {
      "Contiguous", "ChannelsLast", "ChannelsOutermost", "Reversed", "Misaligned", "Sliced", "Negated"};
  return kNames[static_cast<int>(layout)];
}

inline const char* name_of(Activation activation) {
  static constexpr const char* kNames[] = {"", "ReLU", "LeakyReLU"};
  return kNames[static_cast<int>(activation)];
}

inline bool is_dense(Layout layout) { return layout != Layout::kSliced; }

// The same values in another layout.
inline Tensor lay_out(const Tensor& x, Layout layout) {
  const auto through = [&x](Sizes order) {
    Sizes back(order.size());
    for (std::size_t d = 0; d < order.size(); ++d) {
      back[static_cast<std::size_t>(order[d])] = static_cast<std::int64_t>(d);
    }
    return x.permute(order).clone(torch::MemoryFormat::Contiguous).permute(back);
  };
  Sizes order(static_cast<std::size_t>(x.dim()));
  for (std::size_t d = 0; d < order.size(); ++d) order[d] = static_cast<std::int64_t>(d);
  switch (layout) {
    case Layout::kContiguous:
      return x.clone(torch::MemoryFormat::Contiguous);
    case Layout::kChannelsLast:
      order.erase(order.begin() + 1);
      order.push_back(1);
      return through(order);
    case Layout::kChannelsOutermost:
      std::swap(order[0], order[1]);
      return through(order);
    case Layout::kReversed:
      return through({order.rbegin(), order.rend()});
    case Layout::kMisaligned:
      return torch::empty({x.numel() + 1}, x.options()).narrow(0, 1, x.numel()).view(x.sizes()).copy_(x);
    case Layout::kSliced:
      return torch::repeat_interleave(x, 2, 0).slice(0, 0, torch::nullopt, 2);
    case Layout::kNegated:
      return torch::_neg_view(-x);
  }
  return {};
}

// Everything a batch norm gives for one input, gradient and set of cotangents, as far as it is defined.
struct Observation {
  Tensor output, grad_input, grad_weight, grad_bias;
  Tensor second_grad_output, second_input, second_weight;
};

// What an observation is made from: the cotangents belong to grad_input, grad_weight and grad_bias.
struct Experiment {
  Tensor input, weight, bias, grad_output;
  Tensor cotangent_input, cotangent_weight, cotangent_bias;

  static Experiment draw(const Sizes& sizes, bool affine, torch::Dtype dtype) {
    const auto options = torch::dtype(dtype);
    const Sizes channels{sizes[1]};
    const auto parameter = [&](double offset) {
      return affine ? torch::randn(channels, options) + offset : Tensor();
    };
    return {
        torch::randn(sizes, options) * 2 + 0.7, parameter(1.5), parameter(0), torch::randn(sizes, options),
        torch::randn(sizes, options),           parameter(0),   parameter(0)};
  }

  Experiment in_double() const {
    const auto to = [](const Tensor& t) { return t.defined() ? t.to(torch::kDouble) : t; };
    return {to(input),           to(weight),           to(bias),          to(grad_output),
            to(cotangent_input), to(cotangent_weight), to(cotangent_bias)};
  }

  // `second`: through a graph of the gradients, which is another way through the code than without.
  Observation observe(const Norm& norm, bool second) const {
    const auto leaf = [](const Tensor& t) { return t.defined() ? t.detach().requires_grad_() : t; };
    const Tensor x = leaf(input);
    const Tensor w = leaf(weight);
    const Tensor b = leaf(bias);
    const Tensor g = leaf(grad_output);
    Observation seen;
    seen.output = norm(x, w, b);
    std::vector<Tensor> arguments{x};
    if (w.defined()) arguments.insert(arguments.end(), {w, b});
    const auto first = torch::autograd::grad({seen.output}, arguments, {g}, true, second);
    seen.grad_input = first[0];
    if (w.defined()) {
      seen.grad_weight = first[1];
      seen.grad_bias = first[2];
    }
    if (!second) return seen;
    Tensor sum = (first[0] * cotangent_input).sum();
    if (w.defined()) sum = sum + (first[1] * cotangent_weight).sum() + (first[2] * cotangent_bias).sum();
    std::vector<Tensor> again{g, x};
    if (w.defined()) again.push_back(w);
    const auto gradients =
        torch::autograd::grad({sum}, again, {}, torch::nullopt, false, /*allow_unused=*/true);
    seen.second_grad_output = gradients[0];
    seen.second_input = gradients[1];
    if (w.defined()) seen.second_weight = gradients[2];
    return seen;
  }
};

}  // namespace evenkeel::testing
