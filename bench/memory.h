// Where the results of LibTorch's operators get their memory.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>

namespace evenkeel::bench {

// From here on glibc gives no freed memory back to the system, so that a result takes the place of the one
// before it: what remains is the time of the kernels.
void keep_all_freed_memory();

// While one of these lives, tensors of 128 KiB or more get pages that the system clears, and give them back:
// what glibc does by default for large blocks.
class FreshMemory {
 public:
  FreshMemory();
  ~FreshMemory();
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;

 private:
  c10::Allocator* before_;
};

// Counts the bytes of the tensors that are made while one of these lives.
class TensorBytes {
 public:
  TensorBytes();
  ~TensorBytes();
  TensorBytes(const TensorBytes&) = delete;
  TensorBytes& operator=(const TensorBytes&) = delete;

  std::int64_t live() const;  // of those that are there now
  std::int64_t peak() const;  // the most there were at one time

 private:
  c10::Allocator* before_;
};

}  // namespace evenkeel::bench
