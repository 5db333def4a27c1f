#include "files/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>

#include "files/file_error.h"

namespace evenkeel::files {
namespace {

// The new file until it is renamed; what is not renamed is removed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) : target_(target), path_(target) {
    static std::atomic<unsigned> count{0};
    path_ += ".";
    path_ += std::to_string(::getpid());
    path_ += "-";
    path_ += std::to_string(count++);
    path_ += ".tmp";
    // A leftover of a killed process that had the same process id may be overwritten: hence no O_EXCL.
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_to_write(target_, errno);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_to_write(target_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  // Some file systems report a full disk only here: both calls are checked.
  void flush_and_close() {
    if (::fsync(descriptor_) != 0) fail_to_write(target_, errno);
    const int closed = ::close(descriptor_);
    const int error = errno;
    descriptor_ = -1;
    if (closed != 0) fail_to_write(target_, error);
  }

  void rename_to_target() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail_to_write(target_, errno);
    renamed_ = true;
  }

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

// Makes the rename itself outlive a power cut. The file is complete either way, and not every file system can
// do this for a folder, so a refusal is no failure.
void flush_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

bool is_left_of_writing(const std::filesystem::path& target, const std::filesystem::path& file) {
  std::string_view rest = file.native();
  const auto take = [&rest](std::string_view text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  };
  const auto take_number = [&rest] {
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(digits);
    return digits > 0;
  };
  return take(target.native()) && take(".") && take_number() && take("-") && take_number() && rest == ".tmp";
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  TemporaryFile file(path);
  file.write(bytes);
  file.flush_and_close();
  file.rename_to_target();
  flush_folder(path);
}

}  // namespace evenkeel::files
