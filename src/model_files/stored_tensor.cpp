#include "model_files/stored_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace evenkeel::model_files {
namespace {

static_assert(std::endian::native == std::endian::little);

// How many elements of the storage lie between the first and the last one, both counted.
std::int64_t span_of(const StoredTensor& tensor) {
  std::int64_t span = 1;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    if (tensor.sizes[i] == 0) return 0;
    span += (tensor.sizes[i] - 1) * tensor.strides[i];
  }
  return span;
}

// Calls use(place) for every element in order, with its distance from the first.
template <typename Use>
void for_each_place(const StoredTensor& tensor, const Use& use) {
  const auto count = element_count(tensor);
  std::vector<std::int64_t> index(tensor.sizes.size(), 0);
  std::int64_t place = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    use(place);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      place += tensor.strides[axis];
      if (++index[axis] < tensor.sizes[axis]) break;
      place -= tensor.strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
}

template <typename Number>
Number number_at(const std::byte* bytes) {
  Number value;
  std::memcpy(&value, bytes, sizeof(Number));
  return value;
}

// IEEE 754 of 16 bits, and bytes of the same layout with other parts.
double small_float(unsigned bits, int exponent_bits, int mantissa_bits, bool has_infinity) {
  const unsigned mantissa = bits & ((1U << mantissa_bits) - 1);
  const unsigned exponent = bits >> mantissa_bits & ((1U << exponent_bits) - 1);
  const double sign = (bits >> (exponent_bits + mantissa_bits) & 1U) != 0 ? -1 : 1;
  const unsigned highest = (1U << exponent_bits) - 1;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  if (exponent == highest && has_infinity)
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  if (exponent == highest && mantissa == (1U << mantissa_bits) - 1)
    return std::numeric_limits<double>::quiet_NaN();
  const double fraction = std::ldexp(mantissa, -mantissa_bits);
  return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias)
                       : sign * std::ldexp(1 + fraction, static_cast<int>(exponent) - bias);
}

double value_at(ElementType type, const std::byte* bytes) {
  switch (type) {
    case ElementType::kFloat64:
      return number_at<double>(bytes);
    case ElementType::kFloat32:
      return number_at<float>(bytes);
    case ElementType::kFloat16:
      return small_float(number_at<std::uint16_t>(bytes), 5, 10, true);
    case ElementType::kBFloat16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(number_at<std::uint16_t>(bytes)) << 16);
    case ElementType::kInt64:
      return static_cast<double>(number_at<std::int64_t>(bytes));
    case ElementType::kInt32:
      return number_at<std::int32_t>(bytes);
    case ElementType::kInt16:
      return number_at<std::int16_t>(bytes);
    case ElementType::kInt8:
      return number_at<std::int8_t>(bytes);
    case ElementType::kUInt8:
      return number_at<std::uint8_t>(bytes);
    case ElementType::kBool:
      return number_at<std::uint8_t>(bytes) != 0 ? 1 : 0;
    case ElementType::kUInt64:
      return static_cast<double>(number_at<std::uint64_t>(bytes));
    case ElementType::kUInt32:
      return number_at<std::uint32_t>(bytes);
    case ElementType::kUInt16:
      return number_at<std::uint16_t>(bytes);
    case ElementType::kFloat8E4M3:
      return small_float(number_at<std::uint8_t>(bytes), 4, 3, false);
    case ElementType::kFloat8E5M2:
      return small_float(number_at<std::uint8_t>(bytes), 5, 2, true);
  }
  return 0;
}

}  // namespace

void check_inside(const StoredTensor& tensor, std::uint64_t elements) {
  constexpr std::size_t kMostAxes = 64;
  const auto& [storage, type, sizes, strides, offset] = tensor;
  const auto negative = [](std::int64_t value) { return value < 0; };
  std::int64_t count = 1;
  std::int64_t last = offset;
  bool wrong = sizes.size() != strides.size() || sizes.size() > kMostAxes || offset < 0 ||
               std::any_of(sizes.begin(), sizes.end(), negative) ||
               std::any_of(strides.begin(), strides.end(), negative);
  const bool empty = std::find(sizes.begin(), sizes.end(), 0) != sizes.end();
  for (std::size_t i = 0; i < sizes.size() && !wrong && !empty; ++i) {
    std::int64_t span = 0;
    wrong |= __builtin_mul_overflow(count, sizes[i], &count);
    wrong |= __builtin_mul_overflow(sizes[i] - 1, strides[i], &span);
    wrong |= __builtin_add_overflow(last, span, &last);
  }
  wrong = wrong || (empty ? static_cast<std::uint64_t>(offset) > elements
                          : static_cast<std::uint64_t>(last) >= elements);
  if (wrong)
    throw std::runtime_error(fmt::format(
        "expected a tensor inside its storage of {} elements, found sizes [{}], strides [{}], offset {}",
        elements, fmt::join(sizes, ", "), fmt::join(strides, ", "), offset));
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size(); i-- > 1;)
    if (__builtin_mul_overflow(strides[i], std::max<std::int64_t>(sizes[i], 1), &strides[i - 1]))
      strides[i - 1] = -1;
  return strides;
}

std::int64_t element_count(const StoredTensor& tensor) {
  std::int64_t count = 1;
  for (const auto size : tensor.sizes) count *= size;
  return count;
}

std::string describe(const StoredTensor& tensor) {
  return fmt::format("{} [{}]", names_of(tensor.type).name, fmt::join(tensor.sizes, ", "));
}

void read_elements(const StoredTensor& tensor, std::span<std::byte> into) {
  const auto width = names_of(tensor.type).width;
  const auto span = static_cast<std::uint64_t>(span_of(tensor));
  const auto first = static_cast<std::uint64_t>(tensor.offset) * width;
  if (span == 0) return;
  if (tensor.strides == contiguous_strides(tensor.sizes)) {
    tensor.storage->read(first, into);
  } else {
    // A few elements that lie far from each other are read one by one.
    constexpr std::uint64_t kReadAtOnce = std::uint64_t{1} << 20;
    auto* next = into.data();
    if (span * width <= std::max<std::uint64_t>(kReadAtOnce, 8 * into.size())) {
      std::vector<std::byte> all(span * width);
      tensor.storage->read(first, all);
      for_each_place(tensor, [&](std::int64_t place) {
        std::memcpy(next, all.data() + static_cast<std::size_t>(place) * width, width);
        next += width;
      });
    } else {
      for_each_place(tensor, [&](std::int64_t place) {
        tensor.storage->read(first + static_cast<std::uint64_t>(place) * width, {next, width});
        next += width;
      });
    }
  }
  if (tensor.storage->big_endian)
    for (std::size_t at = 0; at < into.size(); at += width)
      std::reverse(into.data() + at, into.data() + at + width);
}

std::vector<double> values_of(const StoredTensor& tensor) {
  const auto width = names_of(tensor.type).width;
  const auto count = static_cast<std::size_t>(element_count(tensor));
  std::vector<std::byte> bytes(count * width);
  read_elements(tensor, bytes);
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value_at(tensor.type, bytes.data() + i * width);
  return values;
}

}  // namespace evenkeel::model_files
