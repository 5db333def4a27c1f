#include "bench/memory.h"

#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

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

}  // namespace evenkeel::bench
