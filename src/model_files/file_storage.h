// A part of a file, read where it is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "model_files/storage.h"

namespace evenkeel::model_files {

// An open file, which does not change its size while it is open. Several threads may read.
class File {
 public:
  // Throws std::runtime_error with one line when it cannot be opened or is no regular file.
  explicit File(const std::filesystem::path& path);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  std::uint64_t size() const { return size_; }

  // Throws std::runtime_error with one line when the bytes are not there.
  void read(std::uint64_t offset, std::span<std::byte> into) const;
  std::string text(std::uint64_t offset, std::uint64_t size) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

class FileStorage : public Storage {
 public:
  FileStorage(std::shared_ptr<const File> file, std::uint64_t begin, std::uint64_t size)
      : file_(std::move(file)), begin_(begin), size_(size) {}

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> into) override { file_->read(begin_ + offset, into); }

 private:
  std::shared_ptr<const File> file_;
  std::uint64_t begin_;
  std::uint64_t size_;
};

}  // namespace evenkeel::model_files
