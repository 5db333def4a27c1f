#include "training/norms/make_norm.h"

#include <torch/torch.h>

#include <stdexcept>

#include "evenkeel/batch_norm.h"

namespace evenkeel::training {
namespace {

using torch::nn::AnyModule;

template <typename For1d, typename For2d, typename Options>
AnyModule for_dimensions(int spatial_dimensions, const Options& options) {
  return spatial_dimensions == 0 ? AnyModule(For1d(options)) : AnyModule(For2d(options));
}

}  // namespace

AnyModule make_norm(Norm norm, std::int64_t channels, int spatial_dimensions) {
  switch (norm) {
    case Norm::kBatch:
      return for_dimensions<BatchNorm1d, BatchNorm2d>(spatial_dimensions, BatchNormOptions(channels));
    case Norm::kTorch:
      return for_dimensions<torch::nn::BatchNorm1d, torch::nn::BatchNorm2d>(
          spatial_dimensions, torch::nn::BatchNormOptions(channels));
    case Norm::kNone:
      return AnyModule(torch::nn::Identity());
  }
  throw std::logic_error("a norm without a layer");
}

bool makes_bias_redundant(Norm norm) { return norm != Norm::kNone; }

}  // namespace evenkeel::training
