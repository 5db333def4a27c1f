// The fastest that memory allows: loops that read and write, and compute next to nothing.
#pragma once

#include <cstdint>

namespace evenkeel::bench {

// One way to write `to` from `a`, or from `a` and `b` where it reads two: values [begin, end).
struct MemoryLoop {
  const char* name;
  bool reads_two;
  void (*run)(const float* a, const float* b, float* to, std::int64_t begin, std::int64_t end);
};

// The ways on the best instruction set of this processor. An array, not a std::vector: its functions would be
// compiled for each instruction set, and the linker would keep one for all processors.
using MemoryLoops = MemoryLoop[7];
const MemoryLoops& memory_loops();

}  // namespace evenkeel::bench
