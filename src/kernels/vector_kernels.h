// The vectorised inner loops, one table of them for each instruction set, chosen when the program runs.
//
// A loop works on a tile: `rows` rows of `width` values, `stride` apart. For Walk::kColumns a parameter such
// as `mean` is an array with a value per column, 64-byte aligned with 128 bytes of slack (Workspace gives
// such memory); for Walk::kRuns it is one value. Tensors need no alignment and are never touched outside the
// tile.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/plan.h"

namespace evenkeel::kernels {

struct Tile {
  std::int64_t rows = 0;
  std::int64_t stride = 0;
  std::int64_t width = 0;
};

template <typename T>
struct VectorKernels {
  // sum += u and dot += u * u, with u = x - shift. `sum` and `dot` hold a value per column, or one.
  void (*moment_sums)(const Tile&, const T* x, const T* shift, double* sum, double* dot);
  // sum += grad and dot += grad * (x - mean).
  void (*gradient_sums)(const Tile&, const T* x, const T* grad, const T* mean, double* sum, double* dot);
  // y = (x - mean) * scale + offset. y may be x.
  void (*normalize)(const Tile&, const T* x, T* y, const T* mean, const T* scale, const T* offset);
  // out = grad * scale + ((x - mean) * invstd) * slope + offset. out may be grad.
  void (*input_gradient)(const Tile&, const T* x, const T* grad, T* out, const T* mean, const T* invstd,
                         const T* scale, const T* slope, const T* offset);
  // out = grad * scale. out may be grad.
  void (*scale)(const Tile&, const T* grad, T* out, const T* scale);
};

// The tables of one instruction set.
struct AllVectorKernels {
  VectorKernels<float> float_kernels[2];  // by Walk
  VectorKernels<double> double_kernels[2];
};

// The instruction sets this build has loops for and this processor can run, as bits that highway gives them,
// best first.
std::vector<std::int64_t> vector_targets();
const AllVectorKernels& vector_kernels_of(std::int64_t target);

// The loops of the instruction set in use. Throws std::invalid_argument when EVENKEEL_INSTRUCTION_SET names
// one that this processor or build does not have.
template <typename T>
const VectorKernels<T>& vector_kernels(Walk walk);

}  // namespace evenkeel::kernels
