// Bytes of a file that tensors lie in. They are read when somebody asks for them, and only those that are asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace evenkeel::model_files {

class Storage {
 public:
  Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  virtual ~Storage() = default;

  virtual std::uint64_t size() const = 0;

  // Copies the bytes that begin at `offset` and lie inside. Throws std::runtime_error with one line when they cannot be
  // read or are not as they were written.
  virtual void read(std::uint64_t offset, std::span<std::byte> into) = 0;

  bool big_endian = false;  // numbers of more than one byte
};

}  // namespace evenkeel::model_files
