#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model_files/state_dict_file.h"
#include "model_files/tensor_maker.h"

namespace evenkeel::model_files {

std::string encode_safetensors(const StateDict& state) {
  struct Entry {
    std::string name;
    torch::Tensor tensor;
    ElementTypeNames type;
  };
  std::vector<Entry> entries;
  for (const auto& item : state.tensors) {
    const auto type = element_type(item.value().scalar_type());
    if (!type || item.key() == "__metadata__")
      throw std::runtime_error(
          fmt::format("[state_dict] \"{}\": expected a tensor of numbers with another name, found {}",
                      item.key(), describe(item.value())));
    entries.push_back({item.key(), in_memory(item.key(), item.value()), names_of(*type)});
  }
  // Wide elements first: all of them are then aligned, as readers that map the file need them.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.type.width > b.type.width; });
  nlohmann::ordered_json header{{"__metadata__", {{"format", "pt"}}}};
  for (const auto& module : state.modules)
    if (module.frozen)
      header["__metadata__"]["evenkeel.frozen." + module.name] = std::to_string(*module.frozen);
  std::size_t at = 0;
  for (const auto& [name, tensor, type] : entries) {
    header[name] = {{"dtype", type.safetensors},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {at, at + tensor.nbytes()}}};
    at += tensor.nbytes();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error("[state_dict] expected names in UTF-8, found another");
  }
  constexpr std::size_t kAlignment = 8;
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i)
    bytes += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * i) & 0xff);
  bytes += text;
  for (const auto& entry : entries)
    bytes.append(static_cast<const char*>(entry.tensor.data_ptr()), entry.tensor.nbytes());
  return bytes;
}

}  // namespace evenkeel::model_files
