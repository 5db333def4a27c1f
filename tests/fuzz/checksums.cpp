#include <zlib.h>

#include <cstring>
#include <string_view>

#include "fuzz/entry_points.h"

namespace evenkeel::fuzz {
namespace {

// A little-endian number at an offset that is inside.
std::uint32_t number(const std::uint8_t* bytes, std::size_t at, int width) {
  std::uint32_t value = 0;
  for (int i = width; i-- > 0;) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

void set_number(std::uint8_t* bytes, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
}

// Of the zip format: what each header begins with, how long its fixed part is, and where in it things are.
constexpr std::string_view kLocal("PK\x03\x04", 4);
constexpr std::string_view kCentral("PK\x01\x02", 4);
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kCentralSize = 46;
constexpr std::size_t kLocalChecksum = 14;
constexpr std::size_t kCentralChecksum = 16;

}  // namespace

void repair_checksums(std::uint8_t* bytes, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(bytes), size);
  for (auto at = all.find(kCentral); at != std::string_view::npos; at = all.find(kCentral, at + 1)) {
    if (size - at < kCentralSize) return;
    const std::size_t length = number(bytes, at + 20, 4);
    const std::size_t header = number(bytes, at + 42, 4);
    if (header > size || size - header < kLocalSize || all.substr(header, 4) != kLocal) continue;
    const auto begin = header + kLocalSize + number(bytes, header + 26, 2) + number(bytes, header + 28, 2);
    if (begin > size || length > size - begin) continue;
    const auto checksum = static_cast<std::uint32_t>(crc32(0, bytes + begin, static_cast<uInt>(length)));
    set_number(bytes, at + kCentralChecksum, checksum);
    // With bit 3 of the flags the local header holds none.
    if ((number(bytes, header + 6, 2) & 8) == 0) set_number(bytes, header + kLocalChecksum, checksum);
  }
}

}  // namespace evenkeel::fuzz
