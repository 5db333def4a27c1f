#include "model_files/safetensors_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model_files/names.h"
#include "model_files/pickle_bytes.h"

namespace evenkeel::model_files {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // as in the format's own reader

std::uint64_t header_length(const File& file) { return little_endian(file.text(0, kLengthBytes)); }

std::uint64_t natural(const nlohmann::json& value, std::string_view what) {
  if (!value.is_number_unsigned()) fail("expected {} of at least 0, found {}", what, value.type_name());
  return value.get<std::uint64_t>();
}

const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) fail("expected \"{}\" in the header, found none", name);
  return *found;
}

StoredTensor tensor_of(const nlohmann::json& entry, const std::shared_ptr<const File>& file,
                       std::uint64_t data) {
  StoredTensor tensor;
  const auto& dtype = member(entry, "dtype");
  const auto called = dtype.is_string() ? dtype.get<std::string>() : std::string(dtype.type_name());
  const auto type = element_type_called(&ElementTypeNames::safetensors, called);
  if (!type) fail("expected numbers of a known type, found {}", called);
  tensor.type = *type;
  const auto& shape = member(entry, "shape");
  const auto& offsets = member(entry, "data_offsets");
  if (!shape.is_array() || !offsets.is_array() || offsets.size() != 2)
    fail("expected a shape and two offsets, found others");
  std::uint64_t size = names_of(*type).width;
  for (const auto& axis : shape) {
    const auto length = natural(axis, "a size");
    if (length > static_cast<std::uint64_t>(INT64_MAX) || __builtin_mul_overflow(size, length, &size))
      fail("expected a tensor that fits in a file, found another");
    tensor.sizes.push_back(static_cast<std::int64_t>(length));
  }
  const auto begin = natural(offsets[0], "an offset");
  const auto end = natural(offsets[1], "an offset");
  if (begin > end || end > file->size() - data)
    fail("expected elements inside the {} bytes of data, found them from {} to {}", file->size() - data,
         begin, end);
  if (end - begin != size) fail("expected {} bytes, found {}", size, end - begin);
  tensor.strides = contiguous_strides(tensor.sizes);
  tensor.storage = std::make_shared<FileStorage>(file, data + begin, size);
  check_inside(tensor, size / names_of(*type).width);
  return tensor;
}

// "evenkeel.frozen.NAME": "5", beside what others write.
void add_metadata(const nlohmann::json& metadata, TensorDict& dict) {
  constexpr std::string_view kFrozen = "evenkeel.frozen.";
  if (!metadata.is_object()) return;
  for (const auto& [key, value] : metadata.items()) {
    if (!key.starts_with(kFrozen) || !value.is_string()) continue;
    const auto text = value.get<std::string>();
    std::int64_t bits = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (read.ec == std::errc()) dict.modules.push_back({key.substr(kFrozen.size()), 2, bits});
  }
}

nlohmann::json parse(const std::string& text, std::string_view what) {
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail("expected {}, found something else", what);
  return json;
}

// Elements that two tensors share would let a small file ask for any amount of memory.
void skip_overlapping(TensorDict& dict, std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges) {
  auto sorted = ranges;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].first < sorted[i - 1].second)
      fail("expected tensors that lie one after the other, found two in the same place");
  // In the order of the file, which is that of the model more often than the alphabet is.
  std::vector<std::size_t> order(ranges.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return ranges[a].first < ranges[b].first; });
  std::vector<NamedStoredTensor> tensors;
  for (const auto i : order) tensors.push_back(std::move(dict.tensors[i]));
  dict.tensors = std::move(tensors);
}

}  // namespace

bool is_safetensors(const File& file) {
  if (file.size() <= kLengthBytes) return false;
  const auto length = header_length(file);
  return length >= 2 && length <= kLongestHeader && file.text(kLengthBytes, 1) == "{";
}

ModelFile read_safetensors(std::shared_ptr<const File> file) {
  const auto length = header_length(*file);
  if (length > kLongestHeader || length > file->size() - kLengthBytes)
    fail("expected a header of {} bytes, found a file of {}", length, file->size());
  const auto header = parse(file->text(kLengthBytes, length), "a header in JSON");
  TensorDict dict;
  NameBudget names;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      add_metadata(entry, dict);
      continue;
    }
    try {
      dict.tensors.push_back({names.join("", name), tensor_of(entry, file, kLengthBytes + length)});
      const auto& offsets = entry.at("data_offsets");
      ranges.emplace_back(offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>());
    } catch (const std::runtime_error& error) {
      dict.skipped.push_back({name.substr(name.size() > 1000 ? name.size() - 1000 : 0), error.what()});
    }
  }
  skip_overlapping(dict, std::move(ranges));
  return {"safetensors", {std::move(dict)}};
}

ModelFile read_shards(const File& index, const std::filesystem::path& path) {
  const auto json = parse(index.text(0, std::min(index.size(), kLongestHeader)), "an index in JSON");
  const auto& map = member(json, "weight_map");
  if (!map.is_object()) fail("expected a \"weight_map\" of names and files, found {}", map.type_name());
  TensorDict all;
  NameBudget names;
  std::map<std::string, std::vector<std::string>> shards;  // names by file
  for (const auto& [name, file] : map.items()) {
    if (!file.is_string()) fail("expected the name of a file for \"{}\", found {}", name, file.type_name());
    shards[file.get<std::string>()].push_back(names.join("", name));
  }
  for (const auto& [shard, expected] : shards) {
    std::set<std::string> missing(expected.begin(), expected.end());
    std::string problem = fmt::format("nothing of that name in {}", shard);
    try {
      // The file lies beside its index: a name that leads elsewhere is none of a shard.
      if (shard.empty() || std::filesystem::path(shard).filename() != shard || shard.ends_with(".json"))
        fail("expected the name of a file in the index's folder, found \"{}\"", shard);
      auto dict = choose_state_dict(read_model_file(path.parent_path() / shard));
      for (auto& [name, tensor] : dict.tensors) {
        missing.erase(name);
        all.tensors.push_back({std::move(name), std::move(tensor)});
      }
      for (auto& [name, what] : dict.skipped) {
        missing.erase(name);
        all.skipped.push_back({std::move(name), std::move(what)});
      }
      std::move(dict.modules.begin(), dict.modules.end(), std::back_inserter(all.modules));
    } catch (const std::runtime_error& error) {
      problem = error.what();
    }
    for (const auto& name : missing) all.skipped.push_back({name, problem});
  }
  return {fmt::format("{} files with an index", shards.size()), {std::move(all)}};
}

}  // namespace evenkeel::model_files
