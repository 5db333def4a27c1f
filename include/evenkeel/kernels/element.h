// The types a tensor's values can have: float, double, float16 and bfloat16.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

// IEEE 754 binary16: 5 bits of exponent, 10 of fraction. Stored only; the kernels compute in float.
struct float16 {
  std::uint16_t bits;

  float16() = default;
  explicit float16(float value);  // to the nearest, ties to even; beyond the range: infinity
  explicit operator float() const;
  explicit operator double() const { return static_cast<float>(*this); }
  bool operator==(float16 other) const { return static_cast<float>(*this) == static_cast<float>(other); }
};

// The upper half of a float: 8 bits of exponent, 7 of fraction. Stored only; the kernels compute in float.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  explicit bfloat16(float value);  // to the nearest, ties to even
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  explicit operator double() const { return static_cast<float>(*this); }
  bool operator==(bfloat16 other) const { return static_cast<float>(*this) == static_cast<float>(other); }
};

template <typename T>
inline constexpr bool is_half = std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;

// What parameters and given statistics have, and what the arithmetic is done in, for values of type T.
template <typename T>
using Parameter = std::conditional_t<is_half<T>, float, T>;

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
