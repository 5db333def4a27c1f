#include "model_files/pickle_tensor.h"

#include <utility>
#include <vector>

#include "model_files/pickle_bytes.h"

namespace evenkeel::model_files {
namespace {

using Kind = PickleGlobal::Kind;

template <typename Type>
const Type& argument(const PickleSequence& arguments, std::size_t index, std::string_view what) {
  const auto& items = arguments.items;
  if (index >= items.size())
    fail("expected {} as argument {} in the pickle, found {} arguments", what, index, items.size());
  const auto* value = std::get_if<Type>(&items[index]);
  if (value == nullptr)
    fail("expected {} as argument {} in the pickle, found {}", what, index, kind_of(items[index]));
  return *value;
}

std::int64_t size_argument(const PickleSequence& arguments, std::size_t index, std::string_view what) {
  const auto value = argument<std::int64_t>(arguments, index, what);
  if (value < 0) fail("expected {} of at least 0, found {}", what, value);
  return value;
}

std::vector<std::int64_t> sizes_argument(const PickleSequence& arguments, std::size_t index,
                                         std::string_view what) {
  constexpr std::size_t kMostAxes = 64;
  // torch.Size is a class derived from tuple.
  const auto* object =
      index < arguments.items.size() ? std::get_if<PickleObject*>(&arguments.items[index]) : nullptr;
  const auto* inner = object == nullptr ? nullptr : (*object)->arguments;
  if (inner != nullptr) return sizes_argument({{argument<PickleSequence*>(*inner, 0, what)}}, 0, what);
  const auto& values = *argument<PickleSequence*>(arguments, index, what);
  if (values.items.size() > kMostAxes)
    fail("expected at most {} {}, found {}", kMostAxes, what, values.items.size());
  std::vector<std::int64_t> sizes;
  for (std::size_t i = 0; i < values.items.size(); ++i) sizes.push_back(size_argument(values, i, what));
  return sizes;
}

bool is_module(const PickleSequence& id) {
  return argument<std::string_view>(id, 0, "\"storage\"") == "module";
}

// Elements that are not known here still take their place in a file.
std::optional<std::size_t> width_of(const PickleGlobal& type) {
  if (type.element) return names_of(*type.element).width;
  if (type.kind == Kind::kStorageType) return 1;
  if (type.module != "torch") return std::nullopt;
  for (const auto& [name, width] : {std::pair<std::string_view, std::size_t>{"ComplexDoubleStorage", 16},
                                    {"ComplexFloatStorage", 8},
                                    {"QInt32Storage", 4},
                                    {"QInt8Storage", 1},
                                    {"QUInt8Storage", 1},
                                    {"QUInt4x2Storage", 1},
                                    {"QUInt2x4Storage", 1}})
    if (type.name == name) return width;
  return std::nullopt;
}

const PickleGlobal& storage_type(const PickleSequence& id) {
  return argument<PickleGlobal>(id, 1, "a storage type");
}

}  // namespace

std::string_view storage_key(const PickleSequence& id) {
  if (is_module(id)) return "";
  const auto tag = argument<std::string_view>(id, 0, "\"storage\"");
  if (tag != "storage") fail("expected a storage in the pickle, found \"{}\"", tag);
  return argument<std::string_view>(id, 2, "a storage's key");
}

std::optional<std::uint64_t> storage_size(const PickleSequence& id) {
  if (is_module(id)) return std::nullopt;
  const auto width = width_of(storage_type(id));
  if (!width) return std::nullopt;
  std::uint64_t size = 0;
  const auto count = static_cast<std::uint64_t>(size_argument(id, 4, "a storage's length"));
  if (__builtin_mul_overflow(count, *width, &size))
    fail("expected a storage that fits in a file, found {} elements", count);
  return size;
}

PickleValue storage_at(Pickle& pickle, const PickleSequence& id, std::shared_ptr<Storage> bytes) {
  if (is_module(id)) return argument<PickleGlobal>(id, 1, "a class");
  const auto& type = storage_type(id);
  if (type.kind != Kind::kStorageType) return pickle.add(PickleObject{type.module, type.name});
  if (bytes == nullptr || bytes->size() < *storage_size(id))
    fail("expected a storage of {} bytes, found another", *storage_size(id));
  PickleStorage storage{std::move(bytes), type.element, 0, size_argument(id, 4, "a storage's length")};
  const auto* view = id.items.size() > 5 ? std::get_if<PickleSequence*>(&id.items[5]) : nullptr;
  if (view != nullptr) {
    storage.offset = size_argument(**view, 1, "a view's offset");
    const auto count = size_argument(**view, 2, "a view's length");
    if (storage.offset > storage.count || count > storage.count - storage.offset)
      fail("expected a view inside its storage of {}, found {} at {}", storage.count, count, storage.offset);
    storage.count = count;
  }
  return pickle.add(std::move(storage));
}

StoredTensor rebuild_tensor(const PickleSequence& arguments) {
  const auto& storage = *argument<PickleStorage*>(arguments, 0, "a storage");
  StoredTensor tensor;
  tensor.storage = storage.bytes;
  auto count = static_cast<std::uint64_t>(storage.count);
  if (storage.type) {
    tensor.type = *storage.type;
  } else {
    const auto& dtype = argument<PickleGlobal>(arguments, 6, "an element type");
    const auto type =
        dtype.module == "torch" ? element_type_called(&ElementTypeNames::dtype, dtype.name) : std::nullopt;
    if (!type) fail("expected numbers of a known type, found {}.{}", dtype.module, dtype.name);
    tensor.type = *type;
    count /= names_of(*type).width;
  }
  tensor.offset = size_argument(arguments, 1, "a tensor's offset");
  tensor.sizes = sizes_argument(arguments, 2, "a tensor's sizes");
  tensor.strides = sizes_argument(arguments, 3, "a tensor's strides");
  check_inside(tensor, count);
  tensor.offset += storage.offset;
  return tensor;
}

StoredTensor* rebuild_parameter(const PickleSequence& arguments) {
  return argument<StoredTensor*>(arguments, 0, "a tensor");
}

}  // namespace evenkeel::model_files
