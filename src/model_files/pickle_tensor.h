// Storages and tensors as a pickle describes them. Everything throws std::runtime_error with one line for what is not as PyTorch
// writes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "model_files/pickle_reader.h"

namespace evenkeel::model_files {

// Of the persistent id ('storage', type, key, device, count), in old files with (view's key, offset, count) behind.
std::string_view storage_key(const PickleSequence& id);
std::optional<std::uint64_t> storage_size(
    const PickleSequence& id);  // bytes; nothing for elements that are not known here

// What the id stands for: a storage, an object for a storage of unknown elements, or the class of ('module', class, ...).
PickleValue storage_at(Pickle& pickle, const PickleSequence& id, std::shared_ptr<Storage> bytes);

// torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata]), and _v3 with the element type
// as argument 6.
StoredTensor rebuild_tensor(const PickleSequence& arguments);

// torch._utils._rebuild_parameter(tensor, requires_grad, hooks).
StoredTensor* rebuild_parameter(const PickleSequence& arguments);

}  // namespace evenkeel::model_files
