#include "kernels/support/placed_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>
#include <vector>

namespace evenkeel::kernels::test {
namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// Pages that this thread's arrays gave back, by their size: mapping some afresh for every small array took a third of
// the time of these tests.
struct SparePages {
  std::map<std::size_t, std::vector<std::byte*>> of_size;

  ~SparePages() {
    for (const auto& [size, mappings] : of_size) {
      for (std::byte* mapping : mappings) munmap(mapping, size);
    }
  }
};
thread_local SparePages spare_pages;
constexpr std::size_t kLargestSpare = 1 << 20;

// `inside` bytes between two pages that may not be touched.
std::byte* map_pages(std::size_t inside) {
  const std::size_t page = page_size();
  void* const mapping = mmap(nullptr, inside + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  std::byte* const first = static_cast<std::byte*>(mapping) + page;
  if (mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) {
    throw std::system_error(errno, std::generic_category(), "mprotect");
  }
  madvise(first, inside, MADV_HUGEPAGE);  // only for speed: large arrays come and go in these tests
  return static_cast<std::byte*>(mapping);
}

}  // namespace

const char* name_of(Placement placement) {
  switch (placement) {
    case Placement::kPageStart:
      return "page start";
    case Placement::kPageStartPlusOne:
      return "one element after a page start";
    case Placement::kPageEnd:
      return "page end";
  }
  return "?";
}

GuardedPages::GuardedPages(std::size_t bytes, std::size_t alignment, Placement placement) : bytes_(bytes) {
  if (bytes == 0) return;
  const std::size_t page = page_size();
  const std::size_t inside = (bytes + alignment + page - 1) / page * page;
  mapped_ = inside + 2 * page;
  std::vector<std::byte*>& spare = spare_pages.of_size[mapped_];
  if (spare.empty()) {
    mapping_ = map_pages(inside);
  } else {
    mapping_ = spare.back();
    spare.pop_back();
  }
  std::byte* const first = mapping_ + page;
  std::memset(first, kFill, inside);
  switch (placement) {
    case Placement::kPageStart:
      begin_ = first;
      break;
    case Placement::kPageStartPlusOne:
      begin_ = first + alignment;
      break;
    case Placement::kPageEnd:
      begin_ = first + inside - bytes;
      break;
  }
}

GuardedPages::~GuardedPages() {
  if (!mapping_) return;
  if (mapped_ <= kLargestSpare) {
    spare_pages.of_size[mapped_].push_back(mapping_);
  } else {
    munmap(mapping_, mapped_);
  }
}

bool GuardedPages::surroundings_intact() const {
  if (!mapping_) return true;
  const auto intact = [](std::byte byte) { return byte == std::byte{kFill}; };
  return std::all_of(mapping_ + page_size(), begin_, intact) &&
         std::all_of(begin_ + bytes_, mapping_ + mapped_ - page_size(), intact);
}

}  // namespace evenkeel::kernels::test
