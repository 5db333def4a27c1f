#include "bench/memory.h"

#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <new>

namespace evenkeel::bench {
namespace {

constexpr std::size_t kMappedFrom = 128 << 10;  // glibc's M_MMAP_THRESHOLD

struct Mapping {
  void* data;
  std::size_t size;
};

void unmap(void* context) {
  const auto* const mapping = static_cast<Mapping*>(context);
  munmap(mapping->data, mapping->size);
  delete mapping;
}

// allocate() is const in LibTorch 1 and not in LibTorch 2, which has copy_data() too: without the word
// override, the two match either.
class MappingAllocator final : public c10::Allocator {
 public:
  explicit MappingAllocator(c10::Allocator& other) : other_(other) {}

  c10::DataPtr allocate(std::size_t size) const {
    if (size < kMappedFrom) return other_.allocate(size);
    void* const data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    return {data, new Mapping{data, size}, unmap, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DataPtr allocate(std::size_t size) {
    return static_cast<const MappingAllocator&>(*this).allocate(size);
  }
  void copy_data(void* to, const void* from, std::size_t size) const { std::memcpy(to, from, size); }

 private:
  c10::Allocator& other_;
};

// Autograd frees tensors in threads of its own.
std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

struct Counted {
  c10::DataPtr data;
  std::int64_t size;
};

void uncount(void* context) {
  const auto* const counted = static_cast<Counted*>(context);
  live_bytes -= counted->size;
  delete counted;
}

// See MappingAllocator about the word override.
class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator& other) : other_(other) {}

  c10::DataPtr allocate(std::size_t size) const {
    auto* const counted = new Counted{other_.allocate(size), static_cast<std::int64_t>(size)};
    const std::int64_t live = live_bytes += counted->size;
    peak_bytes = std::max(peak_bytes.load(), live);  // tensors are made in one thread
    return {counted->data.get(), counted, uncount, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DataPtr allocate(std::size_t size) {
    return static_cast<const CountingAllocator&>(*this).allocate(size);
  }
  void copy_data(void* to, const void* from, std::size_t size) const { std::memcpy(to, from, size); }

 private:
  c10::Allocator& other_;
};

}  // namespace

void keep_all_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

FreshMemory::FreshMemory() : before_(c10::GetCPUAllocator()) {
  static MappingAllocator mapping(*before_);
  c10::SetCPUAllocator(&mapping);
}

FreshMemory::~FreshMemory() { c10::SetCPUAllocator(before_); }

TensorBytes::TensorBytes() : before_(c10::GetCPUAllocator()) {
  static CountingAllocator counting(*before_);
  live_bytes = peak_bytes = 0;
  c10::SetCPUAllocator(&counting);
}

TensorBytes::~TensorBytes() { c10::SetCPUAllocator(before_); }

std::int64_t TensorBytes::live() const { return live_bytes; }

std::int64_t TensorBytes::peak() const { return peak_bytes; }

}  // namespace evenkeel::bench
