#include "model_files/pickle_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

namespace evenkeel::model_files {
namespace {

template <typename Type>
const Type& argument(const std::vector<PickleValue>& arguments, std::size_t index, std::string_view what) {
  if (index >= arguments.size())
    throw std::runtime_error(fmt::format("expected {} as argument {} in the pickle, found {} arguments", what,
                                         index, arguments.size()));
  const auto* value = std::get_if<Type>(&arguments[index]);
  if (value == nullptr)
    throw std::runtime_error(fmt::format("expected {} as argument {} in the pickle, found {}", what, index,
                                         kind_of(arguments[index])));
  return *value;
}

std::int64_t size_argument(const std::vector<PickleValue>& arguments, std::size_t index,
                           std::string_view what) {
  const auto value = argument<std::int64_t>(arguments, index, what);
  if (value < 0) throw std::runtime_error(fmt::format("expected {} of at least 0, found {}", what, value));
  return value;
}

std::vector<std::int64_t> sizes_argument(const std::vector<PickleValue>& arguments, std::size_t index,
                                         std::string_view what) {
  const auto& items = argument<PickleSequence*>(arguments, index, what)->items;
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < items.size(); ++i) sizes.push_back(size_argument(items, i, what));
  return sizes;
}

// Whether every element lies in the storage, and there are no more elements than the storage has (which
// torch.save only writes for an expanded tensor, and which lets a few bytes ask for any amount of memory).
bool fits(const std::vector<std::int64_t>& sizes, const std::vector<std::int64_t>& strides,
          std::int64_t offset, std::int64_t storage) {
  std::int64_t count = 1;
  std::int64_t last = offset;
  bool overflow = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return offset <= storage;
    std::int64_t span = 0;
    overflow |= __builtin_mul_overflow(count, sizes[i], &count);
    overflow |= __builtin_mul_overflow(sizes[i] - 1, strides[i], &span);
    overflow |= __builtin_add_overflow(last, span, &last);
  }
  return !overflow && last < storage && count <= storage;
}

}  // namespace

StorageDescription storage_description(const std::vector<PickleValue>& id) {
  const auto tag = argument<std::string_view>(id, 0, "\"storage\"");
  const auto type = argument<PickleGlobal>(id, 1, "a storage type");
  if (tag != "storage" || type.kind != PickleGlobal::Kind::kStorageType)
    throw std::runtime_error(fmt::format("expected a storage in the pickle, found \"{}\"", tag));
  return {argument<std::string_view>(id, 2, "a storage's key"), type.dtype,
          size_argument(id, 4, "a storage's length")};
}

torch::Tensor rebuild_tensor(const std::vector<PickleValue>& arguments) {
  constexpr std::size_t kMaxRank = 64;
  const auto& elements = argument<PickleStorage>(arguments, 0, "a storage").elements;
  const auto offset = size_argument(arguments, 1, "a tensor's offset");
  const auto sizes = sizes_argument(arguments, 2, "a tensor's sizes");
  const auto strides = sizes_argument(arguments, 3, "a tensor's strides");
  if (sizes.size() != strides.size() || sizes.size() > kMaxRank)
    throw std::runtime_error(fmt::format("expected as many strides as sizes and at most {}, found {} and {}",
                                         kMaxRank, strides.size(), sizes.size()));
  if (!fits(sizes, strides, offset, elements.numel()))
    throw std::runtime_error(fmt::format(
        "expected a tensor inside its storage of {} elements, found sizes [{}], strides [{}], offset {}",
        elements.numel(), fmt::join(sizes, ", "), fmt::join(strides, ", "), offset));
  return elements.as_strided(sizes, strides, offset);
}

torch::Tensor rebuild_parameter(const std::vector<PickleValue>& arguments) {
  return argument<torch::Tensor>(arguments, 0, "a tensor");
}

}  // namespace evenkeel::model_files
