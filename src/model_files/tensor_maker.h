// Tensors of LibTorch from those of a file.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>

#include "model_files/element_type.h"
#include "model_files/stored_tensor.h"

namespace evenkeel::model_files {

// Nothing for types that LibTorch has not or had not yet.
std::optional<c10::ScalarType> scalar_type(ElementType type);
std::optional<ElementType> element_type(c10::ScalarType type);

// Reads each storage once: tensors that share one in the file share it in memory.
class TensorMaker {
 public:
  // Throws std::runtime_error with one line when the bytes cannot be read or LibTorch has no such elements.
  at::Tensor operator()(const StoredTensor& tensor);

 private:
  std::map<std::shared_ptr<Storage>, at::Tensor> storages_;  // bytes
};

}  // namespace evenkeel::model_files
