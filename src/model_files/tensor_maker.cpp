#include "model_files/tensor_maker.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace evenkeel::model_files {
namespace {

constexpr std::array<std::pair<ElementType, c10::ScalarType>, 10> kScalarTypes{{
    {ElementType::kFloat64, c10::kDouble},
    {ElementType::kFloat32, c10::kFloat},
    {ElementType::kFloat16, c10::kHalf},
    {ElementType::kBFloat16, c10::kBFloat16},
    {ElementType::kInt64, c10::kLong},
    {ElementType::kInt32, c10::kInt},
    {ElementType::kInt16, c10::kShort},
    {ElementType::kInt8, c10::kChar},
    {ElementType::kUInt8, c10::kByte},
    {ElementType::kBool, c10::kBool},
}};

void swap_bytes(std::span<std::byte> bytes, std::size_t width) {
  for (std::size_t at = 0; at + width <= bytes.size(); at += width)
    std::reverse(bytes.data() + at, bytes.data() + at + width);
}

}  // namespace

std::optional<c10::ScalarType> scalar_type(ElementType type) {
  for (const auto& [stored, scalar] : kScalarTypes)
    if (stored == type) return scalar;
  return std::nullopt;
}

std::optional<ElementType> element_type(c10::ScalarType type) {
  for (const auto& [stored, scalar] : kScalarTypes)
    if (scalar == type) return stored;
  return std::nullopt;
}

at::Tensor TensorMaker::operator()(const StoredTensor& tensor) {
  const auto type = scalar_type(tensor.type);
  if (!type)
    throw std::runtime_error(fmt::format("expected numbers of a type that LibTorch computes with, found {}",
                                         names_of(tensor.type).name));
  auto& bytes = storages_[tensor.storage];
  const auto width = names_of(tensor.type).width;
  if (!bytes.defined()) {
    auto read = at::empty({static_cast<std::int64_t>(tensor.storage->size())}, c10::kByte);
    const std::span<std::byte> all(static_cast<std::byte*>(read.data_ptr()), tensor.storage->size());
    tensor.storage->read(0, all);
    if (tensor.storage->big_endian) swap_bytes(all, width);
    bytes = read;
  }
  const auto whole = static_cast<std::int64_t>(tensor.storage->size() / width);
  return bytes.narrow(0, 0, whole * static_cast<std::int64_t>(width))
      .view(*type)
      .as_strided(tensor.sizes, tensor.strides, tensor.offset);
}

}  // namespace evenkeel::model_files
