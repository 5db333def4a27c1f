// The numbers a model file may hold, and what the formats call them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace evenkeel::model_files {

enum class ElementType : std::uint8_t {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
  kUInt64,
  kUInt32,
  kUInt16,
  kFloat8E4M3,
  kFloat8E5M2,
};

struct ElementTypeNames {
  ElementType type;
  std::size_t width;      // bytes
  std::string_view name;  // as LibTorch prints it
  std::string_view
      storage;  // the class torch.<storage> in a pickle; nothing for types that have an untyped storage
  std::string_view dtype;        // torch.<dtype>
  std::string_view safetensors;  // in the header of a safetensors file
};

inline constexpr std::array<ElementTypeNames, 15> kElementTypes{{
    {ElementType::kFloat64, 8, "Double", "DoubleStorage", "float64", "F64"},
    {ElementType::kFloat32, 4, "Float", "FloatStorage", "float32", "F32"},
    {ElementType::kFloat16, 2, "Half", "HalfStorage", "float16", "F16"},
    {ElementType::kBFloat16, 2, "BFloat16", "BFloat16Storage", "bfloat16", "BF16"},
    {ElementType::kInt64, 8, "Long", "LongStorage", "int64", "I64"},
    {ElementType::kInt32, 4, "Int", "IntStorage", "int32", "I32"},
    {ElementType::kInt16, 2, "Short", "ShortStorage", "int16", "I16"},
    {ElementType::kInt8, 1, "Char", "CharStorage", "int8", "I8"},
    {ElementType::kUInt8, 1, "Byte", "ByteStorage", "uint8", "U8"},
    {ElementType::kBool, 1, "Bool", "BoolStorage", "bool", "BOOL"},
    {ElementType::kUInt64, 8, "UInt64", "", "uint64", "U64"},
    {ElementType::kUInt32, 4, "UInt32", "", "uint32", "U32"},
    {ElementType::kUInt16, 2, "UInt16", "", "uint16", "U16"},
    {ElementType::kFloat8E4M3, 1, "Float8_e4m3fn", "", "float8_e4m3fn", "F8_E4M3"},
    {ElementType::kFloat8E5M2, 1, "Float8_e5m2", "", "float8_e5m2", "F8_E5M2"},
}};

// In the order of the enumeration.
constexpr const ElementTypeNames& names_of(ElementType type) {
  return kElementTypes[static_cast<std::size_t>(type)];
}

// The type that a format calls so: element_type_called(&ElementTypeNames::safetensors, "F32").
constexpr std::optional<ElementType> element_type_called(std::string_view ElementTypeNames::*format,
                                                         std::string_view name) {
  for (const auto& type : kElementTypes)
    if (!name.empty() && type.*format == name) return type.type;
  return std::nullopt;
}

constexpr bool is_floating_point(ElementType type) {
  return type <= ElementType::kBFloat16 || type >= ElementType::kFloat8E4M3;
}

}  // namespace evenkeel::model_files
