// Files of models, byte by byte: what PyTorch, safetensors and people's tools write, without any of them.
#pragma once

#include <zip.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel::testing {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string floats(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) bytes += little_endian(std::bit_cast<std::uint32_t>(value), 4);
  return bytes;
}

// --- parts of a pickle of protocol 2 ---
inline std::string pickled(std::string_view text) {
  return "X" + little_endian(text.size(), 4) + std::string(text);
}
inline std::string pickled(std::int64_t value) {
  return std::string("\x8a\x08") + little_endian(static_cast<std::uint64_t>(value), 8);
}

inline std::string pickled_storage(const std::string& key, std::int64_t count,
                                   const std::string& type = "FloatStorage") {
  return "(" + pickled("storage") + "ctorch\n" + type + "\n" + pickled(key) + pickled("cpu") +
         pickled(count) + "tQ";
}

struct View {
  std::int64_t offset = 0, size = 0, stride = 1;
};
inline std::string pickled_tensor(const std::string& storage, const View& view) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + pickled(view.offset) + pickled(view.size) +
         "\x85" + pickled(view.stride) + "\x85\x89}tR";
}

using Items = std::vector<std::pair<std::string, std::string>>;  // names and pickled values
inline std::string pickled_dict(const Items& items) {
  std::string text = "}(";
  for (const auto& [name, value] : items) text += pickled(name) + value;
  return text + "u";
}

// --- files ---
inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

struct Packing {
  std::string folder = "model/";
  bool compressed = false;
  std::string byte_order{};
};

inline void write_archive(const std::filesystem::path& path, const std::string& pickle, const Items& storages,
                          const Packing& packing = {}) {
  zip* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  if (archive == nullptr) throw std::runtime_error("cannot write an archive");
  const auto add = [&](const std::string& name, const std::string& bytes) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const auto entry = zip_file_add(archive, (packing.folder + name).c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(entry),
                             packing.compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  };
  const std::string whole = "\x80\x02" + pickle + ".";
  add("data.pkl", whole);
  if (!packing.byte_order.empty()) add("byteorder", packing.byte_order);
  for (const auto& [key, bytes] : storages) add("data/" + key, bytes);
  if (zip_close(archive) != 0) throw std::runtime_error("cannot write an archive");
}

// A batch norm of three channels whose statistics lie in the storages NAMEm and NAMEv.
inline Items norm(const std::string& name) {
  return {{name + ".running_mean", pickled_tensor(pickled_storage(name + "m", 3), {0, 3, 1})},
          {name + ".running_var", pickled_tensor(pickled_storage(name + "v", 3), {0, 3, 1})}};
}
inline Items norm_storages(const std::string& name, const std::vector<float>& variance) {
  return {{name + "m", floats({0.5, -1, 2})}, {name + "v", floats(variance)}};
}

// The format before PyTorch 1.6, with a quantised tensor in front of the norm.
inline std::string legacy_file(const std::vector<float>& variance) {
  const std::string magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  const auto pickle = [](const std::string& value) { return "\x80\x02" + value + "."; };
  Items items{{"q", pickled_tensor(pickled_storage("q", 5, "QInt8Storage"), {0, 5, 1})}};
  for (const auto& item : norm("bn")) items.push_back(item);
  return pickle(magic) + pickle("M\xe9\x03") + pickle(pickled_dict({{"little_endian", "\x88"}})) +
         pickle(pickled_dict(items)) + pickle("](" + pickled("q") + pickled("bnm") + pickled("bnv") + "e") +
         little_endian(5, 8) + "abcde" + little_endian(3, 8) + floats({1, 2, 3}) + little_endian(3, 8) +
         floats(variance);
}

inline std::string safetensors_file(const std::string& header, const std::string& data) {
  return little_endian(header.size(), 8) + header + data;
}

// Of a norm of three channels; `variance` are the offsets of its running_var: "[12,24]".
inline std::string safetensors_header(const std::string& variance) {
  return R"({"__metadata__":{"format":"pt","evenkeel.frozen.bn":"5"},)"
         R"("bn.running_mean":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
         R"("bn.running_var":{"dtype":"F32","shape":[3],"data_offsets":)" +
         variance + "}}";
}

}  // namespace evenkeel::testing
