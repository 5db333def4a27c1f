#include "kernels/workspace.h"

#include <utility>

namespace evenkeel::kernels {
namespace {

void give_back(std::byte* memory) { ::operator delete[](memory, std::align_val_t{kScratchAlignment}); }

// What a thread keeps between its calls. Plain values, which a call can still use while the thread ends: the destructors of
// statics call kernels too.
thread_local constinit std::byte* kept_memory = nullptr;
thread_local constinit std::size_t kept_bytes = 0;
thread_local constinit bool thread_ends = false;

struct Keeper {
  ~Keeper() {
    thread_ends = true;
    give_back(std::exchange(kept_memory, nullptr));
    kept_bytes = 0;
  }
  void watch() {}
};
thread_local Keeper keeper;

}  // namespace

CallMemory::CallMemory(std::size_t bytes)
    : memory_(std::exchange(kept_memory, nullptr)), bytes_(std::exchange(kept_bytes, 0)) {
  if (memory_ && bytes_ >= bytes) return;
  give_back(memory_);
  memory_ = static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{kScratchAlignment}));
  bytes_ = bytes;
}

CallMemory::~CallMemory() {
  if (!thread_ends) {
    keeper.watch();
    if (bytes_ > kept_bytes) {
      std::swap(memory_, kept_memory);
      std::swap(bytes_, kept_bytes);
    }
  }
  give_back(memory_);
}

}  // namespace evenkeel::kernels
