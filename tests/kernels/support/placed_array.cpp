#include "kernels/support/placed_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace evenkeel::kernels::test {
namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
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
  void* mapping = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  mapping_ = static_cast<std::byte*>(mapping);
  std::byte* const first = mapping_ + page;
  if (mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) {
    throw std::system_error(errno, std::generic_category(), "mprotect");
  }
  madvise(first, inside, MADV_HUGEPAGE);  // only for speed: large arrays come and go in these tests
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
  if (mapping_) munmap(mapping_, mapped_);
}

bool GuardedPages::surroundings_intact() const {
  if (!mapping_) return true;
  const auto intact = [](std::byte byte) { return byte == std::byte{kFill}; };
  return std::all_of(mapping_ + page_size(), begin_, intact) &&
         std::all_of(begin_ + bytes_, mapping_ + mapped_ - page_size(), intact);
}

}  // namespace evenkeel::kernels::test
