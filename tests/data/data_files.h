// What the tests of data files share: small IDX files, a folder of their own, and the text of an error.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace evenkeel::data {

using Bytes = std::vector<std::uint8_t>;

inline Bytes idx_bytes(std::uint8_t rank, const std::vector<std::uint32_t>& extents, const Bytes& content) {
  Bytes bytes = {0, 0, 8, rank};
  for (const std::uint32_t extent : extents) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(extent >> shift));
  }
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

inline Bytes idx_pictures(std::uint32_t count, std::uint32_t rows, std::uint32_t columns,
                          const Bytes& pixels) {
  return idx_bytes(3, {count, rows, columns}, pixels);
}

inline Bytes idx_labels(const Bytes& labels) {
  return idx_bytes(1, {static_cast<std::uint32_t>(labels.size())}, labels);
}

inline Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflate");
  Bytes packed(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("deflate");
  return packed;
}

inline void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// Tests with an empty folder of their own, removed with what is in it.
class DataFilesTest : public ::testing::Test {
 protected:
  DataFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "evenkeel-data-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
    folder_ = name;
  }
  ~DataFilesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
    write_file(folder_ / name, bytes);
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

// The text of the std::runtime_error that `call` throws; a failed test if it throws none, or more than one
// line.
template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  ADD_FAILURE() << "expected an error";
  return "";
}

}  // namespace evenkeel::data
