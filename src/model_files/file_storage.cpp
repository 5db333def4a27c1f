#include "model_files/file_storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace evenkeel::model_files {
namespace {

[[noreturn]] void fail_to_read(int error) {
  throw std::runtime_error("expected a file that can be read, found: " +
                           std::generic_category().message(error));
}

}  // namespace

File::File(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(),
                         O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a pipe that nobody writes to would wait
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    if (error == ENOENT) throw std::runtime_error("expected a file, found nothing of that name");
    fail_to_read(error);
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw std::runtime_error(S_ISDIR(status.st_mode)
                                 ? "expected a file, found a folder"
                                 : "expected a file, found something that is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

File::~File() { ::close(descriptor_); }

void File::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > size_ || into.size() > size_ - offset)
    throw std::runtime_error(
        fmt::format("expected {} bytes at {}, found the file's end at {}", into.size(), offset, size_));
  while (!into.empty()) {
    const auto count = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read(errno);
    if (count == 0)
      throw std::runtime_error(fmt::format("expected more bytes at {}, found the file's end", offset));
    into = into.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::string File::text(std::uint64_t offset, std::uint64_t size) const {
  if (offset > size_ || size > size_ - offset)
    throw std::runtime_error(
        fmt::format("expected {} bytes at {}, found the file's end at {}", size, offset, size_));
  std::string bytes(size, '\0');
  read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

}  // namespace evenkeel::model_files
