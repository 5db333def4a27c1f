// The records of a zip archive as torch.save lays it out: in one folder, stored, not compressed, each with a
// checksum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

struct zip;

namespace evenkeel::model_files {

class ZipArchive {
 public:
  // Throws std::runtime_error with one line when the file is missing, is no zip archive or holds no data.pkl.
  explicit ZipArchive(const std::filesystem::path& path);

  // The bytes of FOLDER/name, or nothing when there is no such record. Throws when they are not as they were written, and
  // when all records that were asked for are together larger than the file, as only records that share bytes are.
  std::optional<std::string> record(const std::string& name);

  // The same for source code, which torch.jit.save compresses; nothing when it is longer than all code together may be.
  std::optional<std::string> source(const std::string& name);

 private:
  struct Closer {
    void operator()(zip* archive) const;
  };
  std::string read(std::uint64_t entry, std::uint64_t size, const std::string& name);

  std::unique_ptr<zip, Closer> zip_;
  std::uintmax_t unread_ = 0;
  std::uintmax_t unread_source_ = std::uintmax_t{16} << 20;
  std::string folder_;
};

}  // namespace evenkeel::model_files
