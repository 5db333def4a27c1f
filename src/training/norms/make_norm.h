// The layer for a norm.
#pragma once

#include <torch/nn/modules/container/any.h>

#include <cstdint>

#include "training/norms/norm.h"

namespace evenkeel::training {

// A layer that normalises `channels` channels: of (N, C) where `spatial_dimensions` is 0, of (N, C, H, W) where it is 2.
// Its parameters are as PyTorch initialises them: scale one, shift zero. kNone gives an Identity.
torch::nn::AnyModule make_norm(Norm norm, std::int64_t channels, int spatial_dimensions);

// Whether a layer before such a norm has no use for a bias, because the norm subtracts a mean per channel.
bool makes_bias_redundant(Norm norm);

}  // namespace evenkeel::training
