// A tensor of a file: what it is and where it lies, without its elements.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model_files/element_type.h"
#include "model_files/storage.h"

namespace evenkeel::model_files {

// Every element lies inside the storage: who makes one checks it (check_inside).
struct StoredTensor {
  std::shared_ptr<Storage> storage;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  // in elements, as offset; 0 or more
  std::int64_t offset = 0;
};

// Throws std::runtime_error with one line unless sizes and strides are as many, none is negative, and all elements lie in a storage of
// `elements`. There may be more elements than the storage has, in an expanded tensor.
void check_inside(const StoredTensor& tensor, std::uint64_t elements);

// The strides of a tensor whose elements follow one another.
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& sizes);

std::int64_t element_count(const StoredTensor& tensor);

// Type and sizes, for messages: "Float [3, 4]".
std::string describe(const StoredTensor& tensor);

// The elements one after the other, as this machine keeps them; `into` has as many bytes as they take.
void read_elements(const StoredTensor& tensor, std::span<std::byte> into);

// The elements as numbers.
std::vector<double> values_of(const StoredTensor& tensor);

}  // namespace evenkeel::model_files
