#include "runs/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "files/file_error.h"

namespace evenkeel::runs {

// config.json is the one file of the folder that is never replaced. NFS makes an exclusive lock of flock's into one of fcntl's, which a
// descriptor that cannot write is refused.
RunLock::RunLock(const RunFolder& folder) : descriptor_(::open(folder.config().c_str(), O_RDWR | O_CLOEXEC)) {
  if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (error == EWOULDBLOCK)
    throw std::runtime_error(
        fmt::format("{}: expected a run that nobody is training, found one that another process is training",
                    folder.path.string()));
  files::fail_to("lock", folder.config(), error);
}

RunLock::~RunLock() { ::close(descriptor_); }

}  // namespace evenkeel::runs
