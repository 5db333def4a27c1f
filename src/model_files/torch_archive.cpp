#include "model_files/torch_archive.h"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "model_files/pickle_model.h"
#include "model_files/pickle_reader.h"
#include "model_files/zip_archive.h"

namespace evenkeel::model_files {

ModelFile read_torch_archive(const std::filesystem::path& path) {
  const auto archive = std::make_shared<ZipArchive>(path);
  const auto order = archive->record("byteorder").value_or("little");
  if (order != "little" && order != "big")
    throw std::runtime_error(
        fmt::format("expected little-endian or big-endian numbers, found \"{}\"", order));
  const auto bytes = archive->record("data.pkl").value();
  const auto pickle = read_pickle(bytes, [&](std::string_view key, std::uint64_t size) {
    auto storage = archive->storage("data/" + std::string(key));
    if (storage == nullptr)
      throw std::runtime_error(fmt::format("expected a record data/{}, found none", key));
    if (storage->size() != size)
      throw std::runtime_error(
          fmt::format("record data/{}: expected {} bytes, found {}", key, size, storage->size()));
    storage->big_endian = order == "big";
    return storage;
  });
  return find_tensors(pickle, [&](const std::string& name) { return archive->source(name); });
}

}  // namespace evenkeel::model_files
