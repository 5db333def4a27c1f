// Where the values of one channel lie in memory.
#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

// A dense tensor seen as [outer][channels][inner]: the value (o, c, i) is element (o * channels + c) * inner
// + i. Every dense layout a batch-norm input can have takes this form:
//   (N, C)                 outer = N,      inner = 1
//   (N, C, L), (N, C, H, W), (N, C, D, H, W), channels first:  outer = N,  inner = L, H*W or D*H*W
//   the same, channels last:  outer = N*L, N*H*W or N*D*H*W,  inner = 1
//   (C, N, ...), channels outermost:  outer = 1,  inner = N * ...
struct Geometry {
  std::int64_t outer = 0;
  std::int64_t channels = 0;
  std::int64_t inner = 0;

  // Values per channel: the m of the paper.
  std::int64_t count() const { return outer * inner; }
  std::int64_t size() const { return outer * channels * inner; }
  bool operator==(const Geometry&) const = default;
};

inline Geometry channels_first(std::int64_t batch, std::int64_t channels, std::int64_t spatial = 1) {
  return {batch, channels, spatial};
}

inline Geometry channels_last(std::int64_t batch, std::int64_t spatial, std::int64_t channels) {
  return {batch * spatial, channels, 1};
}

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
