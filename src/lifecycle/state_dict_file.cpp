#include "lifecycle/state_dict_file.h"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <unordered_map>

#include "lifecycle/pickle_reader.h"
#include "lifecycle/pickle_writer.h"
#include "lifecycle/zip_archive.h"

namespace evenkeel::lifecycle {
namespace {

class StorageLoader {
 public:
  explicit StorageLoader(const ZipArchive& archive) : archive_(archive) {}

  // Tensors that share a storage get the same one.
  torch::Tensor load(std::string_view key, torch::ScalarType dtype, std::int64_t count) {
    const std::string name(key);
    const auto known = loaded_.find(name);
    if (known == loaded_.end()) return loaded_.emplace(name, read(name, dtype, count)).first->second;
    if (known->second.scalar_type() != dtype || known->second.numel() != count)
      throw std::runtime_error(fmt::format("storage {}: expected one type and length, found two", name));
    return known->second;
  }

 private:
  torch::Tensor read(const std::string& key, torch::ScalarType dtype, std::int64_t count) const {
    const auto bytes = archive_.record("data/" + key);
    if (!bytes) throw std::runtime_error(fmt::format("expected a record data/{}, found none", key));
    const auto found = static_cast<std::int64_t>(bytes->size());
    const auto width = static_cast<std::int64_t>(torch::elementSize(dtype));
    if (found % width != 0 || found / width != count)
      throw std::runtime_error(fmt::format("record data/{}: expected {} elements of {} bytes, found {} bytes",
                                           key, count, width, found));
    auto elements = torch::empty({count}, dtype);
    std::memcpy(elements.data_ptr(), bytes->data(), bytes->size());
    return elements;
  }

  const ZipArchive& archive_;
  std::unordered_map<std::string, torch::Tensor> loaded_;
};

StateDict to_state_dict(const Pickle& pickle) {
  const auto* dict = std::get_if<PickleDict*>(&pickle.root);
  if (dict == nullptr)
    throw std::runtime_error(fmt::format("expected a dictionary of tensors, found {}", kind_of(pickle.root)));
  StateDict state;
  for (const auto& [key, value] : (*dict)->items) {
    const auto* name = std::get_if<std::string_view>(&key);
    if (name == nullptr)
      throw std::runtime_error(fmt::format("expected text as the name of a tensor, found {}", kind_of(key)));
    const auto* tensor = std::get_if<torch::Tensor>(&value);
    if (tensor == nullptr)
      throw std::runtime_error(fmt::format("\"{}\": expected a tensor, found {}", *name, kind_of(value)));
    if (state.tensors.contains(std::string(*name)))
      throw std::runtime_error(fmt::format("expected one tensor \"{}\", found two", *name));
    state.tensors.insert(std::string(*name), *tensor);
  }
  return state;
}

}  // namespace

std::string encode_state_dict(const StateDict& state) {
  StateDict contiguous;
  contiguous.module_versions = state.module_versions;
  for (const auto& item : state.tensors)
    contiguous.tensors.insert(item.key(), item.value().detach().contiguous());

  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter writer([&bytes](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
    return size;
  });
  const auto pickle = pickle_state_dict(contiguous);
  constexpr std::string_view kByteOrder = "little";
  writer.writeRecord("data.pkl", pickle.data(), pickle.size());
  writer.writeRecord("byteorder", kByteOrder.data(), kByteOrder.size());
  for (std::size_t i = 0; i < contiguous.tensors.size(); ++i) {
    const auto& tensor = contiguous.tensors[i].value();
    writer.writeRecord("data/" + std::to_string(i), tensor.data_ptr(), tensor.nbytes());
  }
  writer.writeEndOfFile();
  return bytes;
}

StateDict read_state_dict(const std::filesystem::path& path) try {
  const ZipArchive archive(path);
  if (const auto order = archive.record("byteorder"); order && *order != "little")
    throw std::runtime_error(fmt::format("expected little-endian numbers, found \"{}\"", *order));
  StorageLoader loader(archive);
  const auto pickle = archive.record("data.pkl");
  return to_state_dict(read_pickle(
      pickle.value(), [&](auto key, auto dtype, auto count) { return loader.load(key, dtype, count); }));
} catch (const std::exception& error) {
  throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
}

}  // namespace evenkeel::lifecycle
