// The bytes of a pickle, read one value after the other. Everything throws std::runtime_error with one line where they end too early.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace evenkeel::model_files {

template <typename... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw std::runtime_error(fmt::format(format, std::forward<Arguments>(arguments)...));
}

inline std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// A number in decimal digits, as protocol 0 keeps the places of its memo.
inline std::uint32_t decimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size())
    fail("expected a number in the pickle, found \"{}\"", text);
  return value;
}

inline std::string_view quoted(std::string_view text) {
  return text.size() < 2 ? text : text.substr(1, text.size() - 2);
}

class PickleBytes {
 public:
  explicit PickleBytes(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size())
      fail("expected {} more bytes of the pickle, found its end after {}", count, rest_.size());
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <typename Integer>
  Integer integer() {
    return static_cast<Integer>(little_endian(take(sizeof(Integer))));
  }

  double big_endian_double() {
    std::uint64_t value = 0;
    for (const char byte : take(8)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return std::bit_cast<double>(value);
  }

  std::string_view line() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) fail("expected a line of text, found the pickle's end");
    const auto taken = take(end + 1);
    return taken.substr(0, end);
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace evenkeel::model_files
