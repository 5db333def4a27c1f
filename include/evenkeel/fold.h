// Folding: a batch norm in evaluation is a scale and a shift per channel, which a convolution or linear layer beside it can
// take into its own weights. The norm then costs nothing, and a certificate says how far the result can be off.
//
// With s = weight / sqrt(running_var + eps) and shift = bias - running_mean * s (Jacob et al. 2018, section 3.2):
//   layer, then norm:  w'[o, ...] = w[o, ...] * s[o]      b'[o] = (b[o] - running_mean[o]) * s[o] + bias[o]
//   norm, then layer:  w'[o, i, ...] = w[o, i, ...] * s[i]    b'[o] = b[o] + sum over i and taps of w[o, i, ...] * shift[i]
// computed in float64 and rounded once to the dtype of the layer.
//
// Layers: torch::nn::Linear, Conv1d to 3d, ConvTranspose1d to 3d, with groups, stride, dilation, every padding mode, with and
// without bias, of float32, float64 or bfloat16. Norms: BatchNorm1d to 3d, Evenkeel's and LibTorch's, of the layer's dtype or,
// beside bfloat16, float32; beside a Linear they get (N, C). All of it on the CPU.
//
// Refused, by c10::Error with one line that says why:
//   a norm in training mode or without running statistics     its scale and shift change with every batch
//   a norm with an activation before a layer                  nothing linear stands between them
//   a norm with a shift before a layer whose outputs do not   the shift would enter where zeros are: zero padding, or a
//     all see every tap                                       transposed convolution's borders and strides
//   a layer whose parameters another module of the network    it would change too
//     shares (options.network)
//   values that are not finite, a negative variance, running_var + eps near 0, folded weights beyond the dtype's range
//   numbers of channels, dimensions or dtypes that do not fit, undefined tensors
//   data on which layer and pair differ by more than the bound  something that the proof assumes does not hold
//
// What goes in is left as it is. Other threads may use it meanwhile; LibTorch's default generator, which making a module draws
// from, is put back.
#pragma once

#include <torch/arg.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "evenkeel/batch_norm_layer.h"
#include "evenkeel/batch_norm_options.h"

#pragma GCC visibility push(default)
namespace evenkeel {

class FoldOptions {
  // Inputs, of the layers' dtype: what is measured is measured on them. Of a pair: (N, C, ...). Undefined: nothing is measured.
  TORCH_ARG(torch::Tensor, data);

  // The largest |x| that will come in, which the bound of a pair holds for. std::nullopt: that of the data; without data
  // there is no bound. Data beyond it are refused. A network's pairs take the largest of what reaches them.
  TORCH_ARG(std::optional<double>, largest_input) = std::nullopt;

 public:
  // Refuses a layer that shares its parameters with another module of this network, or stands in it twice. It has to live as
  // long as the options.
  FoldOptions& network(const torch::nn::Module& network) {
    network_ = &network;
    return *this;
  }
  const torch::nn::Module* network() const { return network_; }

 private:
  const torch::nn::Module* network_ = nullptr;
};

// How far the folded layer is from the pair it replaces, for each output channel, before any activation.
//
// The bound is proven, for inputs of at most `largest_input`: the weights' own rounding, which is known exactly, and a priori
// bounds for evaluating the pair and the folded layer (Higham 2002, section 3.1: a sum of n products, in any order, with or
// without fused multiply-add, is off by at most ((1 + u)^n - 1) sum |w x|; u = 2^-24 for float32). It is Inf where values may
// overflow. It assumes that both are evaluated by LibTorch on a CPU
//   - as sums of products, which oneDNN's direct convolution, the one LibTorch asks for, and its own and the BLAS's matrix
//     products are, but not Winograd's algorithm (on ARM, LibTorch takes it for depthwise 3x3 convolutions) or NNPACK's,
//   - in the layers' own precision: no flushing of denormal inputs, bfloat16 accumulated in float32, but in bfloat16 by the
//     convolutions of a LibTorch before 2.13, as 1.13 does. Where float32 operands may be rounded to bfloat16, by
//     at::setFloat32MatmulPrecision() or ONEDNN_DEFAULT_FPMATH_MODE, the bound counts that; a switch for one kind of
//     operator alone, as LibTorch has them since 2.9, it does not see.
// What is measured beyond the bound shows that something of this does not hold, and is refused.
// bound() is many times what is seen, the more so the more terms a sum has: rounding errors cancel, and no proof may count on it.
struct FoldCertificate {
  torch::Tensor measured;    // float64 [C], largest |folded - pair|; undefined without data
  torch::Tensor bound;       // float64 [C]; undefined without data and largest_input
  double largest_input = 0;  // what the bound holds for

  // Over all channels; NaN if undefined.
  double largest_measured() const;
  double largest_bound() const;
};

enum class NormPlace { kBefore, kAfter };  // of the layer

// What folding two modules gives, whatever their types.
struct FoldedModules {
  std::shared_ptr<torch::nn::Module> layer;  // of the layer's type, in its mode, with a bias
  NormPlace place = NormPlace::kAfter;
  // What an activated norm did after normalising (and after adding its residual), and remains to be done to the output.
  Activation activation = Activation::kNone;
  double negative_slope = 0.01;
  FoldCertificate certificate;
  std::shared_ptr<torch::nn::Module> first, second;  // copies of what was folded
};

FoldedModules fold_modules(const std::shared_ptr<torch::nn::Module>& first,
                           const std::shared_ptr<torch::nn::Module>& second, const FoldOptions& options = {});

// A new module like this one, bit for bit, of a type that fold() takes.
std::shared_ptr<torch::nn::Module> copy_of(const torch::nn::Module& module);

template <typename Module>
inline constexpr bool kIsBatchNorm =
    std::is_base_of_v<BatchNormLayer, Module> || std::is_same_v<Module, torch::nn::BatchNorm1dImpl> ||
    std::is_same_v<Module, torch::nn::BatchNorm2dImpl> || std::is_same_v<Module, torch::nn::BatchNorm3dImpl>;

// First and Second are holders: torch::nn::Conv2d, evenkeel::BatchNorm2d, ...
template <typename First, typename Second>
class Folded {
 public:
  using Layer = std::conditional_t<kIsBatchNorm<typename First::ContainedType>, Second, First>;

  explicit Folded(const FoldedModules& modules)
      : layer(as<Layer>(modules.layer)),
        place(modules.place),
        activation(modules.activation),
        negative_slope(modules.negative_slope),
        certificate(modules.certificate),
        first_(as<First>(modules.first)),
        second_(as<Second>(modules.second)) {}

  // The two modules as they were when they were folded: new ones with each call, the same bits.
  std::pair<First, Second> unfold() const {
    return {as<First>(copy_of(*first_)), as<Second>(copy_of(*second_))};
  }

  Layer layer;
  NormPlace place;
  Activation activation;
  double negative_slope;
  FoldCertificate certificate;

 private:
  template <typename Holder>
  static Holder as(const std::shared_ptr<torch::nn::Module>& module) {
    return Holder(std::dynamic_pointer_cast<typename Holder::ContainedType>(module));
  }

  First first_;
  Second second_;
};

// Folds two modules that follow each other, one of them a norm, in the order in which they are called:
//   auto folded = fold(conv, norm, FoldOptions().data(x));    y = folded.layer(x);
template <typename First, typename Second>
requires(kIsBatchNorm<typename First::ContainedType> != kIsBatchNorm<typename Second::ContainedType>)
    Folded<First, Second> fold(const First& first, const Second& second, const FoldOptions& options = {}) {
  return Folded<First, Second>(fold_modules(first.ptr(), second.ptr(), options));
}

// What became of one norm of a network.
struct FoldStep {
  std::string norm;   // as in the state dict: "1"
  std::string layer;  // that took it; empty if none did
  NormPlace place = NormPlace::kAfter;
  std::string refusal;  // why none did; empty if one did
  FoldCertificate certificate;
  bool folded() const { return refusal.empty(); }
};

struct FoldedNetwork {
  torch::nn::Sequential network;
  std::vector<FoldStep> steps;
};

// Folds every norm of a Sequential that stands beside a layer: into the one before, or else into the one behind, if that one takes no
// other. (LibTorch's Sequentials do not nest.) The new network shares nothing with the old one; where a folded norm stood is an Identity
// or the activation that remains, so that all other tensors keep their names. With options.data, one input of the network, each step
// has a certificate, for what reaches it in the network that was given. Throws what the modules throw, for a refused norm nothing.
FoldedNetwork fold(const torch::nn::Sequential& network, const FoldOptions& options = {});

}  // namespace evenkeel
#pragma GCC visibility pop
