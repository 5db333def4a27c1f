#include "kernels/workspace.h"

#include <algorithm>
#include <new>

namespace evenkeel::kernels {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSlack = 128;  // 16 doubles: what 16 float lanes widen to
constexpr std::size_t kSmallestChunk = 64 * 1024;

struct AlignedDelete {
  void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{kAlignment}); }
};

struct Chunk {
  explicit Chunk(std::size_t bytes)
      : memory(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{kAlignment}))), size(bytes) {}
  std::unique_ptr<std::byte, AlignedDelete> memory;
  std::size_t size;
};

}  // namespace

struct Workspace::Arena {
  std::vector<Chunk> chunks;
  std::size_t chunk = 0;  // the chunk in use
  std::size_t used = 0;   // bytes taken of it

  static Arena& of_this_thread() {
    thread_local Arena arena;
    return arena;
  }
};

Workspace::Workspace() : arena_(Arena::of_this_thread()), chunk_(arena_.chunk), used_(arena_.used) {}

Workspace::~Workspace() {
  arena_.chunk = chunk_;
  arena_.used = used_;
}

void* Workspace::take_bytes(std::size_t bytes) {
  // The slack lets vector code read and write whole vectors at the last value.
  bytes = (bytes + kSlack + kAlignment - 1) / kAlignment * kAlignment;
  while (arena_.chunk < arena_.chunks.size() && arena_.used + bytes > arena_.chunks[arena_.chunk].size) {
    ++arena_.chunk;
    arena_.used = 0;
  }
  if (arena_.chunk == arena_.chunks.size()) {
    const std::size_t last = arena_.chunks.empty() ? 0 : arena_.chunks.back().size;
    arena_.chunks.emplace_back(std::max({bytes, 2 * last, kSmallestChunk}));
  }
  std::byte* memory = arena_.chunks[arena_.chunk].memory.get() + arena_.used;
  arena_.used += bytes;
  return memory;
}

}  // namespace evenkeel::kernels
