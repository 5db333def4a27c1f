// Arrays whose place in memory is chosen and whose surroundings are watched.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

namespace evenkeel::kernels::test {

// Where an array starts or ends. Behind kPageEnd and before kPageStart lies memory that may not be touched,
// so that even reading one element too far ends the test; kPageStartPlusOne is aligned to one element and to
// nothing more.
enum class Placement { kPageStart, kPageStartPlusOne, kPageEnd };
inline constexpr std::array kPlacements{Placement::kPageStart, Placement::kPageStartPlusOne,
                                        Placement::kPageEnd};
const char* name_of(Placement placement);

// Whole pages between two pages that may not be touched, filled with kFill bytes.
class GuardedPages {
 public:
  // All bits set: NaN as float and as double, so that what is read from here by mistake shows.
  static constexpr unsigned char kFill = 0xFF;

  GuardedPages(std::size_t bytes, std::size_t alignment, Placement placement);
  GuardedPages(GuardedPages&& other) noexcept
      : mapping_(std::exchange(other.mapping_, nullptr)),
        mapped_(other.mapped_),
        begin_(other.begin_),
        bytes_(other.bytes_) {}
  GuardedPages& operator=(GuardedPages&&) = delete;
  ~GuardedPages();

  std::byte* begin() const { return begin_; }
  // Whether everything in the pages outside [begin, begin + bytes) is as it was.
  bool surroundings_intact() const;

 private:
  std::byte* mapping_ = nullptr;  // starts with a page that may not be touched; null for no bytes
  std::size_t mapped_ = 0;
  std::byte* begin_ = nullptr;
  std::size_t bytes_;
};

template <typename T>
class PlacedArray {
 public:
  PlacedArray(std::size_t size, Placement placement)
      : pages_(size * sizeof(T), sizeof(T), placement), size_(size) {}

  PlacedArray(const std::vector<T>& values, Placement placement) : PlacedArray(values.size(), placement) {
    if (!values.empty()) std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }

  T* data() const { return reinterpret_cast<T*>(pages_.begin()); }
  std::size_t size() const { return size_; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  bool surroundings_intact() const { return pages_.surroundings_intact(); }
  bool equals(const std::vector<T>& values) const {
    return size_ == values.size() &&
           (size_ == 0 || std::memcmp(data(), values.data(), size_ * sizeof(T)) == 0);
  }

 private:
  GuardedPages pages_;
  std::size_t size_;
};

}  // namespace evenkeel::kernels::test
