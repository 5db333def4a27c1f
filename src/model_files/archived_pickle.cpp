#include "model_files/archived_pickle.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <unordered_map>

namespace evenkeel::model_files {
namespace {

class StorageLoader {
 public:
  explicit StorageLoader(ZipArchive& archive) : archive_(archive) {}

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
  torch::Tensor read(const std::string& key, torch::ScalarType dtype, std::int64_t count) {
    const auto bytes = archive_.record("data/" + key);
    if (!bytes) throw std::runtime_error(fmt::format("expected a record data/{}, found none", key));
    const auto found = static_cast<std::int64_t>(bytes->size());
    const auto width = static_cast<std::int64_t>(torch::elementSize(dtype));
    if (found % width != 0 || found / width != count)
      throw std::runtime_error(fmt::format("record data/{}: expected {} elements of {} bytes, found {} bytes",
                                           key, count, width, found));
    auto elements = torch::empty({count}, dtype);
    if (!bytes->empty()) std::memcpy(elements.data_ptr(), bytes->data(), bytes->size());
    return elements;
  }

  ZipArchive& archive_;
  std::unordered_map<std::string, torch::Tensor> loaded_;
};

}  // namespace

ArchivedPickle::ArchivedPickle(ZipArchive& archive) {
  if (const auto order = archive.record("byteorder"); order && *order != "little")
    throw std::runtime_error(fmt::format("expected little-endian numbers, found \"{}\"", *order));
  StorageLoader loader(archive);
  bytes_ = archive.record("data.pkl").value();
  pickle_ =
      read_pickle(bytes_, [&](auto key, auto dtype, auto count) { return loader.load(key, dtype, count); });
}

}  // namespace evenkeel::model_files
