#include "lab/worker_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace evenkeel::lab {

struct WorkerPool::Report {
  std::atomic<double> progress;
  char error[1000];
};

WorkerPool::WorkerPool(std::size_t workers) : slots_(std::max<std::size_t>(workers, 1)) {
  static_assert(std::atomic<double>::is_always_lock_free, "shared between processes");
  for (auto& slot : slots_) {
    void* memory = ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    slot.report = new (memory) Report;
  }
}

WorkerPool::~WorkerPool() {
  for (const auto& slot : slots_)
    if (slot.process != 0) ::kill(slot.process, SIGKILL);
  for (const auto& slot : slots_) {
    while (slot.process != 0 && ::waitpid(slot.process, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::munmap(slot.report, sizeof(Report));
  }
}

std::size_t WorkerPool::running() const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.process != 0; }));
}

void WorkerPool::start(std::size_t task, const Work& work) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [](const Slot& candidate) { return candidate.process == 0; });
  slot->report->progress = 0;
  slot->report->error[0] = '\0';
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    // Ctrl-C reaches this process too, and it has nothing to save; it does not outlive its parent.
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    run_in_child(*slot->report, work);
  }
  slot->process = child;
  slot->task = task;
}

void WorkerPool::run_in_child(Report& report, const Work& work) {
  int code = 0;
  try {
    work([&report](double progress) { report.progress = progress; });
  } catch (const std::exception& error) {
    std::strncpy(report.error, error.what(), sizeof(report.error) - 1);
    report.error[sizeof(report.error) - 1] = '\0';
    code = 1;
  }
  ::_exit(code);  // what the parent has opened and buffered is the parent's
}

std::optional<WorkerPool::Finished> WorkerPool::wait(int milliseconds) {
  constexpr int kNap = 20;
  for (int waited = 0; waited <= milliseconds; waited += kNap) {
    for (auto& slot : slots_) {
      int status = 0;
      if (slot.process == 0 || ::waitpid(slot.process, &status, WNOHANG) != slot.process) continue;
      slot.process = 0;
      Finished finished{slot.task, slot.report->error};
      if (WIFSIGNALED(status)) finished.error = fmt::format("ended by signal {}", WTERMSIG(status));
      if (finished.error.empty() && WEXITSTATUS(status) != 0)
        finished.error = fmt::format("ended with code {}", WEXITSTATUS(status));
      return finished;
    }
    if (::poll(nullptr, 0, kNap) < 0) break;
  }
  return std::nullopt;
}

double WorkerPool::progress(std::size_t task) const {
  for (const auto& slot : slots_)
    if (slot.process != 0 && slot.task == task) return slot.report->progress;
  return 0;
}

}  // namespace evenkeel::lab
