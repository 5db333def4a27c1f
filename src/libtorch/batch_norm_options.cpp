#include "evenkeel/batch_norm_options.h"

#include <torch/nn/options/batchnorm.h>

#include "evenkeel/functional.h"

namespace evenkeel {
namespace {

// LibTorch 1.13 has an optional of its own; later versions give a plain number where a momentum must be set.
std::optional<double> to_std(double value) { return value; }

template <typename Optional>
std::optional<double> to_std(const Optional& value) {
  return value.has_value() ? std::optional<double>(*value) : std::nullopt;
}

}  // namespace

BatchNormOptions::BatchNormOptions(const torch::nn::BatchNormOptions& options)
    : num_features_(options.num_features()),
      eps_(options.eps()),
      momentum_(to_std(options.momentum())),
      affine_(options.affine()),
      track_running_stats_(options.track_running_stats()) {}

namespace functional {

BatchNormFuncOptions::BatchNormFuncOptions(const torch::nn::functional::BatchNormFuncOptions& options)
    : weight_(options.weight()),
      bias_(options.bias()),
      training_(options.training()),
      momentum_(to_std(options.momentum())),
      eps_(options.eps()) {}

}  // namespace functional
}  // namespace evenkeel
