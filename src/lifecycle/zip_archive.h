// The records of a zip archive as torch.save lays it out: stored, not compressed, in one folder, each with a
// checksum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

struct zip;

namespace evenkeel::lifecycle {

class ZipArchive {
 public:
  // Throws std::runtime_error with one line when the file is missing, is no zip archive or holds no data.pkl.
  explicit ZipArchive(const std::filesystem::path& path);

  // The bytes of FOLDER/name, or nothing when there is no such record. Throws when they are not as they were
  // written.
  std::optional<std::string> record(const std::string& name) const;

 private:
  std::unique_ptr<zip, int (*)(zip*)> zip_;
  std::uintmax_t file_size_ = 0;
  std::string folder_;
};

}  // namespace evenkeel::lifecycle
