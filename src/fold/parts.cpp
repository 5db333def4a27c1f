#include "fold/parts.h"

#include <limits>

#include "evenkeel/functional.h"
#include "fold/layer_types.h"

namespace evenkeel::folding {
namespace {

using torch::Tensor;
using torch::nn::Module;

// Reading changes nothing; LibTorch's modules hand out their type to the non-const only.
Module& readable(const Module& module) { return const_cast<Module&>(module); }

// "Conv2d" of "torch::nn::Conv2dImpl".
std::string kind_of(const Module& module) {
  auto name = module.name();
  const auto colon = name.rfind(':');
  if (colon != std::string::npos) name.erase(0, colon + 1);
  if (name.ends_with("Impl")) name.erase(name.size() - 4);
  return name;
}

template <std::size_t D>
std::string missing_taps(const torch::nn::detail::ConvNdOptions<D>& options) {
  using torch::enumtype::kSame;
  using torch::enumtype::kZeros;
  const auto* padding = get_if<torch::ExpandingArray<D>>(&options.padding());
  const auto at = [](const torch::ExpandingArray<D>& values, std::size_t d) { return (*values)[d]; };
  for (std::size_t d = 0; d < D; ++d) {
    const auto reach = at(options.dilation(), d) * (at(options.kernel_size(), d) - 1);
    const auto pad = padding != nullptr ? at(*padding, d) : 0;
    if (!options.transposed()) {
      const bool pads = pad > 0 || (get_if<kSame>(&options.padding()) != nullptr && reach > 0);
      if (pads && get_if<kZeros>(&options.padding_mode()) != nullptr) return "zero padding";
    } else if (at(options.stride(), d) > 1) {
      // Output q sees tap k where stride divides q + padding - dilation * k.
      return "a stride in a transposed convolution";
    } else if (pad < reach + at(options.output_padding(), d)) {
      // Output q sees tap k where 0 <= q + padding - dilation * k < size of the input, which at both ends of the
      // output, 0 and size - 1 + reach - 2 padding + output_padding, comes to this.
      return "the borders of a transposed convolution";
    }
  }
  return "";
}

template <std::size_t D, typename Derived>
void read(const torch::nn::ConvNdImpl<D, Derived>& convolution, LayerParts& parts) {
  parts.spatial_dimensions = D;
  parts.groups = convolution.options.groups();
  parts.transposed = convolution.options.transposed();
  parts.missing_taps = missing_taps<D>(convolution.options);
}
void read(const torch::nn::LinearImpl&, LayerParts&) {}

LayerParts layer_parts(const Module& module) {
  LayerParts parts;
  parts.kind = kind_of(module);
  with_layer(readable(module), [&](auto& layer) {
    parts.weight = layer.weight;
    parts.bias = layer.bias;
    read(layer, parts);
  });
  return parts;
}

template <typename Norm>
void read_tensors(const Norm& norm, NormParts& parts) {
  parts.weight = norm.weight;
  parts.bias = norm.bias;
  parts.running_mean = norm.running_mean;
  parts.running_var = norm.running_var;
  parts.eps = norm.options.eps();
}

template <std::size_t D, typename Derived>
int dimensions(const torch::nn::BatchNormImplBase<D, Derived>&) {
  return D;
}

NormParts norm_parts(const Module& module) {
  NormParts parts;
  parts.kind = kind_of(module);
  EvenkeelNorms::with(readable(module), [&](BatchNormLayer& norm) {
    read_tensors(norm, parts);
    parts.is_evenkeel = true;
    parts.spatial_dimensions = norm.spatial_dimensions();
    parts.activation = norm.options.activation();
    parts.negative_slope = norm.options.negative_slope();
  });
  TorchNorms::with(readable(module), [&](auto& norm) {
    read_tensors(norm, parts);
    parts.spatial_dimensions = dimensions(norm);
    parts.normalises_with_batch = !norm.options.track_running_stats();
  });
  return parts;
}

void check_finite(const Tensor& values, const char* name) {
  TORCH_CHECK(!values.defined() || values.isfinite().all().item<bool>(), "[fold] expected finite values in ",
              name, ", got NaN or Inf");
}

void check_layer(const LayerParts& layer) {
  TORCH_CHECK(layer.weight.defined() && layer.weight.numel() > 0, "[fold] expected a ", layer.kind,
              " with weights, got one without");
  const auto dtype = layer.weight.scalar_type();
  TORCH_CHECK(dtype == torch::kFloat || dtype == torch::kDouble || dtype == torch::kBFloat16,
              "[fold] expected a ", layer.kind, " of dtype Float, Double or BFloat16, got ", dtype);
  TORCH_CHECK(layer.weight.device().is_cpu(), "[fold] expected a ", layer.kind, " on the CPU, got ",
              layer.weight.device());
  TORCH_CHECK(!layer.bias.defined() || layer.bias.scalar_type() == dtype, "[fold] expected a bias of dtype ",
              dtype, " like the weight of the ", layer.kind, ", got ", layer.bias.scalar_type());
  check_finite(layer.weight, "the layer's weight");
  check_finite(layer.bias, "the layer's bias");
}

void check_norm(const NormParts& norm, const Module& module, torch::Dtype layers) {
  TORCH_CHECK(!module.is_training(), "[fold] expected a ", norm.kind,
              " in evaluation mode, got one in training mode: its statistics change with every batch");
  TORCH_CHECK(norm.running_mean.defined() && norm.running_var.defined() && !norm.normalises_with_batch,
              "[fold] expected a ", norm.kind,
              " with running statistics, got one without: it normalises with those of every batch");
  TORCH_CHECK(norm.eps >= 0, "[fold] expected an eps of at least 0, got ", norm.eps);  // also not NaN
  const auto check = [&](const Tensor& values, const char* name) {
    if (!values.defined()) return;
    const auto dtype = values.scalar_type();
    const bool fits = dtype == layers || (layers == torch::kBFloat16 && dtype == torch::kFloat);
    TORCH_CHECK(fits && values.device().is_cpu(), "[fold] expected ", name, " of dtype ", layers,
                layers == torch::kBFloat16 ? " or Float" : "", " on the CPU, got ", dtype, " on ",
                values.device());
    TORCH_CHECK(values.dim() == 1 && values.numel() == norm.running_mean.numel(), "[fold] expected ", name,
                " of size [", norm.running_mean.numel(), "] like running_mean, got ", values.sizes());
    check_finite(values, name);
  };
  check(norm.running_mean, "running_mean");
  check(norm.running_var, "running_var");
  check(norm.weight, "the norm's weight");
  check(norm.bias, "the norm's bias");

  const double smallest = norm.running_var.min().item<double>();
  TORCH_CHECK(smallest >= 0, "[fold] expected variances of at least 0, got ", smallest);
  // Below the normal numbers the norm itself has no accuracy to compare with.
  const double normal = layers == torch::kDouble ? std::numeric_limits<double>::min()
                                                 : double{std::numeric_limits<float>::min()};
  TORCH_CHECK(smallest + norm.eps >= normal, "[fold] expected running_var + eps of at least ", normal,
              ", got ", smallest + norm.eps);
}

void check_pair(const PairParts& pair) {
  const auto& [layer, norm, place] = pair;
  const int expected = layer.spatial_dimensions == 0 ? 1 : layer.spatial_dimensions;
  TORCH_CHECK(norm.spatial_dimensions == expected, "[fold] expected a BatchNorm", expected, "d beside a ",
              layer.kind, ", got a ", norm.kind);
  const bool after = place == NormPlace::kAfter;
  const auto& weight = layer.weight;
  const auto rows = weight.size(layer.transposed ? 1 : 0) * (layer.transposed ? layer.groups : 1);
  const auto columns = weight.size(layer.transposed ? 0 : 1) * (layer.transposed ? 1 : layer.groups);
  const auto channels = after ? rows : columns;
  TORCH_CHECK(norm.running_mean.numel() == channels, "[fold] expected a ", norm.kind, " of ", channels,
              " channels ", after ? "behind" : "before", " this ", layer.kind, ", got one of ",
              norm.running_mean.numel());
  TORCH_CHECK(after || norm.activation == Activation::kNone, "[fold] expected nothing between ", norm.kind,
              " and ", layer.kind, ", got an activation");
}

}  // namespace

Tensor NormParts::normalise(const Tensor& input) const {
  if (is_evenkeel)
    return functional::batch_norm(input, running_mean, running_var,
                                  functional::BatchNormFuncOptions().weight(weight).bias(bias).eps(eps));
  return torch::batch_norm(input, weight, bias, running_mean, running_var, /*training=*/false, /*momentum=*/0,
                           eps,
                           /*cudnn_enabled=*/false);
}

bool is_layer(const Module& module) {
  return with_layer(readable(module), [](auto&) {});
}

bool is_norm(const Module& module) {
  return EvenkeelNorms::with(readable(module), [](auto&) {}) ||
         TorchNorms::with(readable(module), [](auto&) {});
}

PairParts parts_of(const Module& first, const Module& second) {
  const bool after = is_layer(first) && is_norm(second);
  TORCH_CHECK(after || (is_norm(first) && is_layer(second)),
              "[fold] expected a convolution or linear layer and a batch norm, got ", kind_of(first), " and ",
              kind_of(second));
  PairParts pair;
  pair.place = after ? NormPlace::kAfter : NormPlace::kBefore;
  pair.layer = layer_parts(after ? first : second);
  pair.norm = norm_parts(after ? second : first);
  check_layer(pair.layer);
  check_norm(pair.norm, after ? second : first, pair.layer.weight.scalar_type());
  check_pair(pair);
  return pair;
}

Tensor evaluate_layer(Module& layer, const Tensor& input) {
  Tensor output;
  with_layer(layer, [&](auto& typed) { output = typed.forward(input); });
  return output;
}

std::shared_ptr<Module> layer_with(const Module& layer, const Tensor& weight, const Tensor& bias) {
  std::shared_ptr<Module> copy;
  with_layer(readable(layer), [&]<typename Layer>(Layer& typed) {
    Layer wanting(typed);  // the tensors of `layer`, but options of its own, which clone() makes a module of
    wanting.options.bias(true);
    copy = copy_of(wanting);
    auto& made = dynamic_cast<Layer&>(*copy);
    const torch::NoGradGuard no_graph;
    made.weight.copy_(weight);
    made.bias.set_data(bias.to(weight.scalar_type()));
    made.bias.set_requires_grad(made.weight.requires_grad());
  });
  return copy;
}

}  // namespace evenkeel::folding

namespace evenkeel {
namespace {

// Making a module draws its first weights; what is drawn is put back.
class KeepGenerator {
 public:
  KeepGenerator() : generator_(at::detail::getDefaultCPUGenerator()) {
    const std::lock_guard lock(generator_.mutex());
    state_ = generator_.get_state();
  }
  ~KeepGenerator() {
    const std::lock_guard lock(generator_.mutex());
    generator_.set_state(state_);
  }
  KeepGenerator(const KeepGenerator&) = delete;
  KeepGenerator& operator=(const KeepGenerator&) = delete;

 private:
  at::Generator generator_;
  torch::Tensor state_;
};

}  // namespace

std::shared_ptr<torch::nn::Module> copy_of(const torch::nn::Module& module) {
  const KeepGenerator generator;
  auto copy = module.clone();
  auto parameters = copy->named_parameters();
  for (const auto& item : module.named_parameters())  // clone() gives each one what a new module has
    parameters[item.key()].set_requires_grad(item.value().requires_grad());
  return copy;
}

}  // namespace evenkeel
