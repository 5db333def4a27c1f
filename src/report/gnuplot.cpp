#include "report/gnuplot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

extern char** environ;

namespace evenkeel::report {
namespace {

[[noreturn]] void fail(const std::string& reason) {
  throw std::runtime_error("cannot draw the plots: " + reason);
}

[[noreturn]] void fail(std::string_view what, int error) {
  fail(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

// A file in memory: the child's standard input, output or error. With files instead of pipes neither side can
// block the other, and a child that dies early cannot raise SIGPIPE here.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail("memfd_create", errno);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }

  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("writing the script", errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(descriptor_, 0, SEEK_SET);
  }

  std::string read_all() const {
    std::string bytes(static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_END)), '\0');
    std::size_t position = 0;
    while (position < bytes.size()) {
      const ssize_t count = ::pread(descriptor_, bytes.data() + position, bytes.size() - position,
                                    static_cast<off_t>(position));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("reading the plot", count < 0 ? errno : EIO);
      position += static_cast<std::size_t>(count);
    }
    return bytes;
  }

 private:
  int descriptor_;
};

pid_t start_gnuplot(const MemoryFile& input, const MemoryFile& output, const MemoryFile& errors) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors.descriptor(), STDERR_FILENO);

  // A group of its own: Ctrl-C asks the training to stop and write its report, it must not stop the drawing
  // of that report. No signal blocked: whoever ends gnuplot by hand succeeds.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);

  char program[] = "gnuplot";
  char default_settings[] = "--default-settings";  // not the user's own ~/.gnuplot
  char* arguments[] = {program, default_settings, nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program, &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);

  if (error == ENOENT) {
    fail("expected the program gnuplot on the PATH, found none (Debian: apt-get install gnuplot-nox)");
  }
  if (error != 0) fail("starting gnuplot", error);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("waiting for gnuplot", errno);
  }
  return status;
}

// gnuplot echoes the line at fault and a caret before it says what is wrong: the message is the last line
// with text.
std::string last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return "no message";
  text = text.substr(0, end + 1);
  const auto line_break = text.find_last_of('\n');
  if (line_break != std::string_view::npos) text = text.substr(line_break + 1);
  return std::string(text.substr(text.find_first_not_of(" \t")));
}

}  // namespace

std::string run_gnuplot(const std::string& script) {
  MemoryFile input("script");
  input.write_all(script);
  const MemoryFile output("plot");
  const MemoryFile errors("errors");

  const int status = wait_for(start_gnuplot(input, output, errors));
  if (WIFSIGNALED(status)) fail(fmt::format("gnuplot was ended by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) {
    fail(fmt::format("gnuplot ended with code {}: {}", WEXITSTATUS(status), last_line(errors.read_all())));
  }
  return output.read_all();
}

}  // namespace evenkeel::report
