// The vectorised inner loops, one table of them for each instruction set, chosen when the program runs.
//
// A loop works on a tile: `rows` rows of `width` values, `stride` apart. For Walk::kColumns a coefficient such
// as `mean` is an array with a value per column, 64-byte aligned with 128 bytes of slack (Workspace gives
// such memory); for Walk::kRuns it is one value. Tensors need no alignment and are never touched outside the
// tile.
#pragma once

#include <cstdint>

#include "evenkeel/kernels/element.h"
#include "kernels/channel_kernels.h"
#include "kernels/plan.h"

namespace evenkeel::kernels {

struct Tile {
  std::int64_t rows = 0;
  std::int64_t stride = 0;  // elements from row to row
  std::int64_t width = 0;
  std::int64_t bits_stride = 0;  // bytes from row to row of the `positive` bits
  bool streamed = false;         // whether maps write past the caches
  std::int64_t rows_ahead = 0;  // how early to ask memory for a row that column sums will need; 0: not at all
};

// y = activation((x - mean) * scale + offset + residual). y may be x or residual.
template <typename T>
struct Normalization {
  const T* x = nullptr;
  const T* residual = nullptr;  // or null
  T* y = nullptr;
  bool activated = false;
  Parameter<T> negative_slope{};
  std::uint8_t* positive = nullptr;  // or null
  const Parameter<T>*mean = nullptr, *scale = nullptr, *offset = nullptr;
};

// Weights of a tile's values, in rows `stride` apart.
template <typename R>
struct TileWeights {
  const R* values = nullptr;  // null: all are 1
  std::int64_t stride = 0;
};

// What comes back: g = values, and behind an activation negative_slope * values where `positive` has a 0.
template <typename T>
struct Gradient {
  const T* values = nullptr;
  const std::uint8_t* positive = nullptr;  // null: no activation
  Parameter<T> negative_slope{};
  TileWeights<Parameter<T>> weights = {};  // of the moments that the gradient flows through
};

// grad_residual = g and grad_input = g * scale + ((x - mean) * per_unit) * slope + offset, or g * scale alone. Of
// what is added to g * scale, a weight takes its share.
// grad_input may be gradient.values.
template <typename T>
struct GradientMap {
  const T* x = nullptr;
  Gradient<T> gradient;
  T* grad_input = nullptr;
  T* grad_residual = nullptr;  // or null; only behind an activation
  const Parameter<T>*mean = nullptr, *per_unit = nullptr, *scale = nullptr, *slope = nullptr,
        *offset = nullptr;
};

template <typename T>
struct VectorKernels {
  using R = Parameter<T>;
  // sum += w u and dot += w u * u, with u = x - shift. `sum` and `dot` hold a value per column, or one.
  void (*moment_sums)(const Tile&, const T* x, const TileWeights<R>&, const R* shift, double* sum,
                      double* dot);
  // Where a value that counts differs from `same`, `differs` becomes other than 0; where it is that already, nobody looks.
  void (*differences)(const Tile&, const T* x, const TileWeights<R>&, const R* same, R* differs);
  // sum += g and dot += g * (x * per_unit - mean), where a weight and a g of 0 make a 0 of anything. The mean is in units too.
  void (*gradient_sums)(const Tile&, const T* x, const Gradient<T>&, const R* mean, const R* per_unit,
                        double* sum, double* dot);
  void (*normalize)(const Tile&, const Normalization<T>&);
  void (*input_gradient)(const Tile&, const GradientMap<T>&);
  void (*scaled_gradient)(const Tile&, const GradientMap<T>&);
};

// What one instruction set has for an element type.
template <typename T>
struct ElementKernels {
  VectorKernels<T> tiles[2];  // by Walk
  ChannelKernels<Parameter<T>> channels;
};

// `target` is a bit of highway's that this build has loops for and this processor can run.
template <typename T>
const ElementKernels<T>& element_kernels_of(std::int64_t target);
template <>
const ElementKernels<float>& element_kernels_of(std::int64_t target);
template <>
const ElementKernels<double>& element_kernels_of(std::int64_t target);
template <>
const ElementKernels<float16>& element_kernels_of(std::int64_t target);
template <>
const ElementKernels<bfloat16>& element_kernels_of(std::int64_t target);

// Makes the choice of the instruction set, if it is not made yet. Throws std::invalid_argument when EVENKEEL_INSTRUCTION_SET names
// one that this processor or build does not have.
void settle_instruction_set();

// The loops of the instruction set in use. Does not throw once it is settled.
template <typename T>
const VectorKernels<T>& vector_kernels(Walk walk);

}  // namespace evenkeel::kernels
