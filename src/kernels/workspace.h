// Scratch memory of a call. All of it is had before anything is written: memory that runs out is an exception in the caller while
// nothing has happened yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace evenkeel::kernels {

inline constexpr std::size_t kScratchAlignment = 64;

// What `count` values of `bytes` bytes take. The slack lets vector code read and write whole vectors at the last one: 16 doubles
// are what 16 float lanes widen to.
inline std::size_t scratch_bytes(std::int64_t count, std::size_t bytes) {
  constexpr std::size_t kSlack = 128;
  const std::size_t whole = static_cast<std::size_t>(count) * bytes + kSlack;
  return (whole + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

// A piece of it. Passed as a copy, it is given back when the copy ends.
class Workspace {
 public:
  Workspace(std::byte* memory, std::size_t bytes) : next_(memory), left_(bytes) {}

  // `count` uninitialised values, aligned to a cache line, with 128 bytes of slack behind them.
  template <typename T>
  T* take(std::int64_t count) {
    const std::size_t bytes = scratch_bytes(count, sizeof(T));
    if (bytes > left_) throw std::bad_alloc();  // a mistake in what the call was said to need
    left_ -= bytes;
    std::byte* memory = next_;
    next_ += bytes;
    return reinterpret_cast<T*>(memory);
  }

 private:
  std::byte* next_;
  std::size_t left_;
};

// The memory of a call. A thread keeps that of the largest call it has made, so that a call of a familiar size allocates nothing;
// it is given back when the thread ends. A call within a call, as an executor may make one while it waits, has memory of its own.
class CallMemory {
 public:
  explicit CallMemory(std::size_t bytes);
  ~CallMemory();
  CallMemory(const CallMemory&) = delete;
  CallMemory& operator=(const CallMemory&) = delete;

  // `bytes` of it, from the k-th multiple of that on, behind `begin`.
  Workspace piece(std::size_t bytes, std::int64_t k = 0, std::size_t begin = 0) const {
    return {memory_ + begin + static_cast<std::size_t>(k) * bytes, bytes};
  }

 private:
  std::byte* memory_;
  std::size_t bytes_;
};

}  // namespace evenkeel::kernels
