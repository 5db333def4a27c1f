#include "models/norms/make_norm.h"

#include <torch/torch.h>

#include <algorithm>
#include <stdexcept>

#include "evenkeel/batch_norm.h"
#include "models/norms/detached_batch_norm.h"
#include "models/norms/whitening.h"

namespace evenkeel::models {
namespace {

using torch::nn::AnyModule;

constexpr std::int64_t kMostGroups = 10;
constexpr std::int64_t kMostWhitened = 16;
constexpr std::int64_t kGhostBatch = 16;
constexpr BatchRenormalization kRenormalization{
    .r_max = 3, .d_max = 5, .r_begin = 100, .r_end = 800, .d_begin = 100, .d_end = 500};

std::int64_t largest_divisor(std::int64_t number, std::int64_t most) {
  std::int64_t divisor = std::max<std::int64_t>(std::min(number, most), 1);
  while (number % divisor != 0) --divisor;
  return divisor;
}

template <typename For1d, typename For2d, typename Options>
AnyModule for_dimensions(int spatial_dimensions, const Options& options) {
  return spatial_dimensions == 0 ? AnyModule(For1d(options)) : AnyModule(For2d(options));
}

AnyModule evenkeel_norm(int spatial_dimensions, const BatchNormOptions& options) {
  return for_dimensions<BatchNorm1d, BatchNorm2d>(spatial_dimensions, options);
}

AnyModule group_norm(std::int64_t groups, std::int64_t channels) {
  return AnyModule(torch::nn::GroupNorm(torch::nn::GroupNormOptions(groups, channels)));
}

AnyModule instance_norm(std::int64_t channels, int spatial_dimensions) {
  if (spatial_dimensions == 0) return AnyModule(torch::nn::Identity());
  return AnyModule(torch::nn::InstanceNorm2d(torch::nn::InstanceNorm2dOptions(channels).affine(true)));
}

}  // namespace

AnyModule make_norm(Norm norm, std::int64_t channels, int spatial_dimensions) {
  switch (norm) {
    case Norm::kBatch:
      return evenkeel_norm(spatial_dimensions, channels);
    case Norm::kTorch:
      return for_dimensions<torch::nn::BatchNorm1d, torch::nn::BatchNorm2d>(
          spatial_dimensions, torch::nn::BatchNormOptions(channels));
    case Norm::kNone:
      return AnyModule(torch::nn::Identity());
    case Norm::kGroup:
      return group_norm(group_count(channels, spatial_dimensions), channels);
    case Norm::kLayer:
      return group_norm(1, channels);
    case Norm::kInstance:
      return instance_norm(channels, spatial_dimensions);
    case Norm::kRenorm:
      return evenkeel_norm(spatial_dimensions, BatchNormOptions(channels).renormalization(kRenormalization));
    case Norm::kGhost:
      return evenkeel_norm(spatial_dimensions, BatchNormOptions(channels).virtual_batch_size(kGhostBatch));
    case Norm::kWhiten:
      return AnyModule(
          BatchWhitening(BatchWhiteningOptions(channels).group_size(whitening_group_size(channels))));
    case Norm::kDetached:
      return AnyModule(DetachedBatchNorm(torch::nn::BatchNormOptions(channels)));
  }
  throw std::logic_error("a norm without a layer");
}

std::int64_t group_count(std::int64_t channels, int spatial_dimensions) {
  return largest_divisor(channels,
                         spatial_dimensions == 0 ? std::min(kMostGroups, channels / 2) : kMostGroups);
}

std::int64_t whitening_group_size(std::int64_t channels) { return largest_divisor(channels, kMostWhitened); }

bool makes_bias_redundant(Norm norm, int spatial_dimensions) {
  switch (norm) {
    case Norm::kBatch:
    case Norm::kTorch:
    case Norm::kRenorm:
    case Norm::kGhost:
    case Norm::kWhiten:
    case Norm::kDetached:
      return true;
    case Norm::kInstance:
      return spatial_dimensions > 0;
    case Norm::kNone:
    case Norm::kGroup:
    case Norm::kLayer:
      return false;
  }
  throw std::logic_error("a norm without a layer");
}

}  // namespace evenkeel::models
