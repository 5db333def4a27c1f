// What can be done to the normalised value in the same pass.
#pragma once

#include <cstdint>

#include "evenkeel/kernels/geometry.h"

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

enum class Activation {
  kNone,
  kReLU,       // max(v, 0)
  kLeakyReLU,  // v > 0 ? v : negative_slope * v; with a slope of 0 it is kReLU
};

// Bytes of the `positive` bits of a tensor with these values: what a forward with an activation leaves for its
// backward. One bit for each value says whether the activation got a positive value (or NaN, which goes through
// as PyTorch lets it). The order of the bits is the kernels' own: about geometry.size() / 8 bytes, each row of
// the kernels' walk padded to a whole one. Forward and backward have to have the same geometry and T.
template <typename T>
std::int64_t positive_bytes(const Geometry& geometry);

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
