// The convolutional network of the claims that need one.
#pragma once

#include "lab/networks.h"

namespace evenkeel::lab {

// For grey pictures of 28 x 28: conv 1->10 5x5, norm, ReLU, max-pool 2; conv 10->20 5x5, norm, ReLU, max-pool 2; linear 320->10. He
// initialisation; same seed, same weights, whatever the norm. An empty `norm` is none.
Network make_small_cnn(const MakeNorm& norm, std::uint64_t seed);

}  // namespace evenkeel::lab
