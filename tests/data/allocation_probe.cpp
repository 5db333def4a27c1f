#include "data/allocation_probe.h"

#include <atomic>
#include <cstdlib>
#include <new>

// Stands in a file of its own: a compiler that sees the replacement inlined warns of mismatched pairs.
namespace {
std::atomic<std::size_t> largest = 0;
}

void* operator new(std::size_t size) {
  std::size_t seen = largest;
  while (size > seen && !largest.compare_exchange_weak(seen, size)) {
  }
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace evenkeel::data {

std::size_t largest_allocation() { return largest; }
void reset_largest_allocation() { largest = 0; }

}  // namespace evenkeel::data
