#include "model_files/state_dict_file.h"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>

#include <stdexcept>

#include "files/file_error.h"
#include "model_files/pickle_writer.h"
#include "model_files/tensor_maker.h"

namespace evenkeel::model_files {
namespace {

// The state dict that the file is, not one that it holds.
TensorDict choose_root(ModelFile file, const std::filesystem::path& path) try {
  if (file.dicts.empty() || !file.dicts.front().entry.empty())
    throw std::runtime_error("expected a dictionary of tensors, found another value");
  auto& root = file.dicts.front();
  if (!root.skipped.empty())
    throw std::runtime_error(fmt::format("\"{}\": expected a tensor, found {}", root.skipped.front().name,
                                         root.skipped.front().what));
  return std::move(root);
} catch (const std::exception& error) {
  throw files::FileError(path, error);
}

}  // namespace

std::string encode_state_dict(const StateDict& state) {
  StateDict contiguous;
  contiguous.modules = state.modules;
  for (const auto& item : state.tensors)
    contiguous.tensors.insert(item.key(), in_memory(item.key(), item.value()));

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

StateDict read_state_dict(const std::filesystem::path& path) {
  auto dict = choose_root(read_model_file(path), path);
  try {
    return make_tensors(dict);
  } catch (const std::exception& error) {
    throw files::FileError(path, error);
  }
}

StateDict make_tensors(const TensorDict& dict) {
  StateDict state;
  TensorMaker make;
  for (const auto& [name, tensor] : dict.tensors) {
    try {
      state.tensors.insert(name, make(tensor));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("\"{}\": {}", name, error.what()));
    }
  }
  state.modules = dict.modules;
  return state;
}

}  // namespace evenkeel::model_files
