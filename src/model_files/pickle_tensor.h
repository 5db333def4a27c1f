// The functions a pickle of tensors calls, with their arguments checked.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

struct StorageDescription {
  std::string_view key;
  torch::ScalarType dtype = torch::kFloat32;
  std::int64_t count = 0;
};

// The persistent id ('storage', type, key, device, count).
StorageDescription storage_description(const std::vector<PickleValue>& id);

// torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata]).
torch::Tensor rebuild_tensor(const std::vector<PickleValue>& arguments);

// torch._utils._rebuild_parameter(tensor, requires_grad, hooks).
torch::Tensor rebuild_parameter(const std::vector<PickleValue>& arguments);

}  // namespace evenkeel::model_files
