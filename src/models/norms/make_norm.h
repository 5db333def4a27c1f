// The layer for a norm.
#pragma once

#include <torch/nn/modules/container/any.h>

#include <cstdint>

#include "models/norms/norm.h"

namespace evenkeel::models {

// A layer that normalises `channels` channels: of (N, C) where `spatial_dimensions` is 0, of (N, C, H, W)
// where it is 2. Each but Identity has a scale (ones) and a shift (zeros) per channel.
//   kBatch     evenkeel::BatchNorm1d, 2d
//   kTorch     torch::nn::BatchNorm1d, 2d
//   kNone      Identity
//   kGroup     torch::nn::GroupNorm in group_count() groups
//   kLayer     GroupNorm in one group: over channels and positions of a picture together, but with scale and
//              shift per channel, where torch::nn::LayerNorm has them per element
//   kInstance  torch::nn::InstanceNorm2d; Identity on (N, C), where a picture's channel is one value and
//              would always give zero
//   kRenorm    kBatch with batch renormalization, r_max 3 and d_max 5 as in the paper; they open over a
//              fiftieth of its schedule, because runs here have some hundred or thousand steps: from batch
//              100 on, d until 500 and r until 800. Evenkeel's BatchRenormalization says what that means.
//   kGhost     kBatch that normalises a batch in parts of 16 pictures
//   kWhiten    BatchWhitening by ZCA, in groups of whitening_group_size() channels
//   kDetached  DetachedBatchNorm, mean and variance
torch::nn::AnyModule make_norm(Norm norm, std::int64_t channels, int spatial_dimensions);

// How many groups kGroup has: the largest divisor of the channels up to 10 (20: 10, 64: 8). On (N, C) groups
// of one channel would have no variance, so there are two at least, unless there is only one channel.
std::int64_t group_count(std::int64_t channels, int spatial_dimensions);

// How many channels kWhiten takes together: the largest divisor of the channels up to 16 (20: 10, 500: 10,
// 64: 16). Whitening all 500 of a layer would take more than 500 pictures in a batch.
std::int64_t whitening_group_size(std::int64_t channels);

// Whether a layer before such a norm has no use for a bias, because the norm subtracts a mean per channel.
// Group and layer norm subtract one of several channels. Detached batch norm takes a bias away, but not its
// gradient: it would grow without effect; so there is none, and the network has the parameters of the one
// with batch norm.
bool makes_bias_redundant(Norm norm, int spatial_dimensions = 2);

}  // namespace evenkeel::models
