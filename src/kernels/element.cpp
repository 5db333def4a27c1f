// Halves to float and back, on the bits: a float16 is a float with a smaller exponent and fewer digits.
#include "evenkeel/kernels/element.h"

namespace evenkeel::kernels {
namespace {

constexpr std::uint32_t kSign = 0x80000000u;
constexpr std::uint32_t kInfinity = 0x7f800000u;  // of float
constexpr std::uint32_t kBiasDifference = (127u - 15u) << 23;

}  // namespace

float16::operator float() const {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t magnitude = (bits & 0x7fffu) << 13;  // exponent and fraction in the places of a float's
  std::uint32_t result = 0;
  if (magnitude >= (0x1fu << 23)) {
    result = kInfinity | magnitude;  // infinity stays one, and NaN keeps its digits
  } else if (magnitude >= (1u << 23)) {
    result = magnitude + kBiasDifference;
  } else {  // below the normal numbers: a multiple of 2^-24
    result = std::bit_cast<std::uint32_t>(static_cast<float>(bits & 0x7fffu) * 0x1p-24f);
  }
  return std::bit_cast<float>(sign | result);
}

float16::float16(float value) {
  const auto all = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = all & ~kSign;
  std::uint32_t result = 0;
  if (magnitude > kInfinity) {
    result = 0x7e00u;
  } else if (magnitude >= std::bit_cast<std::uint32_t>(65520.0f)) {  // rounds to 2^16, beyond the range
    result = 0x7c00u;
  } else if (magnitude >= std::bit_cast<std::uint32_t>(0x1p-14f)) {
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    result = (magnitude - kBiasDifference + 0xfffu + odd) >> 13;
  } else {  // adding 1/2 lets the float's own rounding put the multiple of 2^-24 into the lowest digits
    result = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) & 0xffffu;
  }
  bits = static_cast<std::uint16_t>((all & kSign) >> 16 | result);
}

bfloat16::bfloat16(float value) {
  const auto all = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (all & ~kSign) > kInfinity;
  const std::uint32_t odd = (all >> 16) & 1u;
  bits = static_cast<std::uint16_t>(is_nan ? 0x7fc0u : (all + 0x7fffu + odd) >> 16);
}

}  // namespace evenkeel::kernels
