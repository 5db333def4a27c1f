#include "model_files/state_dict_file.h"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>

#include <stdexcept>

#include "files/file_error.h"
#include "model_files/archived_pickle.h"
#include "model_files/pickle_state_dict.h"
#include "model_files/pickle_writer.h"
#include "model_files/zip_archive.h"

namespace evenkeel::model_files {
std::string encode_state_dict(const StateDict& state) {
  StateDict contiguous;
  contiguous.modules = state.modules;
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
  ZipArchive archive(path);
  const ArchivedPickle pickle(archive);
  const auto* dict = std::get_if<PickleDict*>(&(*pickle).root);
  if (dict == nullptr)
    throw std::runtime_error(
        fmt::format("expected a dictionary of tensors, found {}", kind_of((*pickle).root)));
  auto read = to_state_dict(**dict);
  if (!read.skipped.empty())
    throw std::runtime_error(fmt::format("\"{}\": expected a tensor, found {}", read.skipped.front().name,
                                         read.skipped.front().what));
  return std::move(read.state);
} catch (const std::exception& error) {
  throw files::FileError(path, error);
}

}  // namespace evenkeel::model_files
