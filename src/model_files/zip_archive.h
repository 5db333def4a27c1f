// The records of a zip archive as torch.save lays it out: in one folder, stored, each with a checksum. Archives that were packed
// again, compressed, or without a folder are read too, and those without checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "model_files/storage.h"

struct zip;

namespace evenkeel::model_files {

// Storages hold the archive they are in: keep it in a shared_ptr.
class ZipArchive : public std::enable_shared_from_this<ZipArchive> {
 public:
  // Throws std::runtime_error with one line when it is no zip archive or holds no data.pkl.
  explicit ZipArchive(const std::filesystem::path& path);

  // The bytes of FOLDER/name, or nothing when there is no such record. Throws when they are not as they were written, and
  // when all that was read is together much more than the file, as records that share bytes are.
  std::optional<std::string> record(const std::string& name);

  // The same for source code, which torch.jit.save compresses; nothing when it is longer than all code together may be.
  std::optional<std::string> source(const std::string& name);

  // The record as a place for tensors, or nothing when there is none.
  std::shared_ptr<Storage> storage(const std::string& name);

 private:
  friend class ZipStorage;

  struct Entry {
    std::uint64_t index = 0;
    std::uint64_t size = 0;
    std::uint32_t checksum = 0;  // 0: none
    bool compressed = false;
  };
  struct Closer {
    void operator()(zip* archive) const;
  };

  std::optional<Entry> find(const std::string& name);
  void charge(std::uint64_t size);

  // Reads from the beginning to the end and compares the checksum; `into` gets what lies at `offset`.
  void read_whole(const Entry& entry, std::uint64_t offset, std::span<std::byte> into);
  void read_part(const Entry& entry, std::uint64_t offset, std::span<std::byte> into);

  std::unique_ptr<zip, Closer> zip_;
  std::uint64_t unread_ = 0;
  std::uint64_t unread_source_ = std::uint64_t{16} << 20;
  std::string folder_;
};

}  // namespace evenkeel::model_files
