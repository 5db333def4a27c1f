#include "evenkeel/conventions.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace evenkeel {
namespace {

struct Rules {
  Convention convention;
  std::string_view framework;
  double eps;
  double momentum;
  bool weighs_old;
  RunningVariance variance;
  std::string_view scale, shift, mean, running_var;
};

constexpr std::array<Rules, 5> kRules{{
    {Convention::kTorch, "PyTorch", 1e-5, 0.1, false, RunningVariance::kUnbiased, "weight", "bias",
     "running_mean", "running_var"},
    {Convention::kKeras, "Keras", 1e-3, 0.99, true, RunningVariance::kBiased, "gamma", "beta", "moving_mean",
     "moving_variance"},
    {Convention::kTensorFlowFused, "TensorFlow", 1e-3, 0.99, true, RunningVariance::kUnbiased, "gamma",
     "beta", "moving_mean", "moving_variance"},
    {Convention::kFlax, "Flax", 1e-5, 0.99, true, RunningVariance::kBiased, "scale", "bias", "mean", "var"},
    {Convention::kOnnx, "ONNX", 1e-5, 0.9, true, RunningVariance::kBiased, "scale", "B", "input_mean",
     "input_var"},
}};

const Rules& rules_of(Convention convention) {
  for (const auto& rules : kRules)
    if (rules.convention == convention) return rules;
  throw std::logic_error("a convention without rules");
}

torch::Tensor given(const ConventionTensors& tensors, std::string_view name) {
  const auto* tensor = tensors.find(std::string(name));
  return tensor == nullptr ? torch::Tensor() : *tensor;
}

void check_tensors(const Rules& rules, const ConventionTensors& tensors) {
  const auto* mean = tensors.find(std::string(rules.mean));
  if (mean == nullptr || !tensors.contains(std::string(rules.running_var)))
    throw std::runtime_error(
        fmt::format("[from_convention] {}: expected tensors \"{}\" and \"{}\", found none", rules.framework,
                    rules.mean, rules.running_var));
  for (const auto& item : tensors) {
    const auto& name = item.key();
    if (name != rules.scale && name != rules.shift && name != rules.mean && name != rules.running_var)
      throw std::runtime_error(
          fmt::format("[from_convention] {}: expected \"{}\", \"{}\", \"{}\" and \"{}\", found \"{}\"",
                      rules.framework, rules.scale, rules.shift, rules.mean, rules.running_var, name));
    if (item.value().dim() != 1 || item.value().sizes() != mean->sizes() || !item.value().is_floating_point())
      throw std::runtime_error(fmt::format(
          "[from_convention] {}: expected one floating-point number per channel in \"{}\", found {} "
          "numbers beside {} means",
          rules.framework, name, item.value().numel(), mean->numel()));
  }
}

// Its own inverse.
double other_way(double momentum) { return 1 - momentum; }

}  // namespace

double default_eps(Convention convention) { return rules_of(convention).eps; }
double default_momentum(Convention convention) { return rules_of(convention).momentum; }
RunningVariance running_variance_of(Convention convention) { return rules_of(convention).variance; }

PortableBatchNorm from_convention(Convention convention, const ConventionTensors& tensors, double eps,
                                  double momentum) {
  const auto& rules = rules_of(convention);
  check_tensors(rules, tensors);
  if (!(eps >= 0) || !std::isfinite(eps) || !(momentum >= 0 && momentum <= 1))
    throw std::runtime_error(fmt::format(
        "[from_convention] {}: expected eps of at least 0 and momentum from 0 to 1, found {} and {}",
        rules.framework, eps, momentum));
  return {.weight = given(tensors, rules.scale),
          .bias = given(tensors, rules.shift),
          .running_mean = given(tensors, rules.mean),
          .running_var = given(tensors, rules.running_var),
          .variance = rules.variance,
          .eps = eps,
          .momentum = rules.weighs_old ? other_way(momentum) : momentum};
}

Converted to_convention(const PortableBatchNorm& layer, Convention convention,
                        std::optional<std::int64_t> values_per_channel) {
  const auto& rules = rules_of(convention);
  if (!layer.running_mean.defined() || !layer.running_var.defined())
    throw std::runtime_error(
        fmt::format("[to_convention] {}: expected running statistics, found none", rules.framework));
  Converted converted;
  converted.eps = layer.eps;
  converted.momentum = rules.weighs_old ? other_way(layer.momentum) : layer.momentum;
  converted.variance = values_per_channel ? rules.variance : layer.variance;
  if (layer.weight.defined()) converted.tensors.insert(std::string(rules.scale), layer.weight);
  if (layer.bias.defined()) converted.tensors.insert(std::string(rules.shift), layer.bias);
  converted.tensors.insert(std::string(rules.mean), layer.running_mean);
  converted.tensors.insert(std::string(rules.running_var),
                           values_per_channel ? convert_variance(layer.running_var, layer.variance,
                                                                 rules.variance, *values_per_channel)
                                              : layer.running_var);
  return converted;
}

torch::Tensor convert_variance(const torch::Tensor& variance, RunningVariance from, RunningVariance to,
                               std::int64_t values_per_channel) {
  if (values_per_channel < 2)
    throw std::runtime_error(
        fmt::format("[convert_variance] expected at least 2 values per channel in a batch, found {}",
                    values_per_channel));
  if (from == to) return variance;
  const auto n = static_cast<double>(values_per_channel);
  const double factor = to == RunningVariance::kUnbiased ? n / (n - 1) : (n - 1) / n;
  return variance * factor;
}

}  // namespace evenkeel
