// Population statistics (Ioffe & Szegedy 2015, Algorithm 2): what inference is to normalise with, from all samples
// together instead of a moving average over the last batches.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/channel_moments.h"

#pragma GCC visibility push(default)
namespace evenkeel {

enum class Depth {
  // One pass. Every layer normalises with the statistics of each batch while those of its input are taken, as in training.
  // Those of deeper layers depend on how the samples are cut into batches.
  kOnePass,
  // A pass for each layer, in the order in which the network calls them; the layers before it normalise with what was
  // found for them. The result is that of one giant batch, whatever the batches, down to one sample each.
  kExact,
};

struct LayerMoments {
  std::string name;
  ChannelMoments moments;  // of the layer's input, all batches together
};

// Runs `forward(0)` to `forward(batches - 1)`, each of which is to call the network on that batch of samples, on this thread, and
// gives the moments that the inputs of the network's batch norms had, Evenkeel's and torch::nn::BatchNorm1d, 2d and 3d, in the
// order in which they were called: of the positions that the layer's mask lets through, if it is called with one. All other
// modules are in evaluation mode (no Dropout) and no graph is recorded. Modes, weights, running statistics and observers
// are afterwards as they were, also if `forward` throws. Layers with frozen statistics or a frozen mode, and those without
// running statistics, are left out and compute as in evaluation.
//
// Depth::kExact leaves a forward behind the layer that it measures, if that is one of Evenkeel's, by an exception which is no
// std::exception: once the layer was called as often as in `forward(0)`, and but for a first forward that finds the order. What
// `forward` does behind the network's call it does in that one only.
//
// A layer that is called more than once in a forward gets the moments of all its inputs together; only the first of
// them is exactly what one giant batch would give it.
std::vector<LayerMoments> measure_population_statistics(torch::nn::Module& network, std::int64_t batches,
                                                        const std::function<void(std::int64_t)>& forward,
                                                        Depth depth = Depth::kExact);

// Measures, and makes the result the running statistics of each layer: its mean, and the variance that its
// options.running_variance() names; num_batches_tracked becomes `batches`.
// Throws c10::Error, and leaves all statistics as they were, if a layer saw no value, one value per channel, or
// NaN or Inf.
std::vector<LayerMoments> estimate_population_statistics(torch::nn::Module& network, std::int64_t batches,
                                                         const std::function<void(std::int64_t)>& forward,
                                                         Depth depth = Depth::kExact);

}  // namespace evenkeel
#pragma GCC visibility pop
