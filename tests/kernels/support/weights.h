// Weights of positions, as masks have them.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/support/element_types.h"
#include "kernels/support/inputs.h"

namespace evenkeel::kernels::test {

enum class Pattern { kOnes, kBinary, kFractions, kTinyWeights, kHugeWeights };
inline constexpr Pattern kPatterns[] = {Pattern::kOnes, Pattern::kBinary, Pattern::kFractions,
                                        Pattern::kTinyWeights, Pattern::kHugeWeights};

template <typename R>
std::vector<R> make_weights(const Geometry& geometry, Pattern pattern, std::uint64_t seed) {
  Random random(seed);
  std::vector<R> weights;
  for (std::int64_t i = 0; i < geometry.count(); ++i) {
    const double drawn = random.uniform();
    const bool counts = pattern == Pattern::kOnes || drawn > 0.4 || i == 0;
    double weight = counts ? 1.0 : 0.0;
    if (pattern >= Pattern::kFractions) weight *= 0.25 + drawn;
    if (pattern == Pattern::kTinyWeights) weight *= 1e-20;
    if (pattern == Pattern::kHugeWeights) weight *= 1e20;
    weights.push_back(static_cast<R>(weight));
  }
  return weights;
}

// The index of an element's position: [outer][inner].
inline std::size_t position_of(const Geometry& geometry, std::size_t element) {
  const auto inner = static_cast<std::size_t>(geometry.inner);
  return element / (static_cast<std::size_t>(geometry.channels) * inner) * inner + element % inner;
}

// Where nothing counts, anything may stand.
template <typename T>
void spoil(std::vector<T>& input, const Geometry& geometry, const std::vector<Parameter<T>>& weights) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (weights[position_of(geometry, i)] == 0) input[i] = value_of<T>(i % 2 == 0 ? kNan : kInfinity);
  }
}

}  // namespace evenkeel::kernels::test
