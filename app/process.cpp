#include "process.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace evenkeel::app {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

}  // namespace

void keep_freed_memory() {
  constexpr int kMiB = 1 << 20;
  // glibc takes no larger threshold; beyond it stands nothing that this program allocates in every step.
  mallopt(M_MMAP_THRESHOLD, 32 * kMiB);
  mallopt(M_TRIM_THRESHOLD, 2047 * kMiB);
  mallopt(M_TOP_PAD, 64 * kMiB);
}

int available_cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stop_signal.store(signal); };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN)
      sigaction(signal, &action, nullptr);  // a shell lets background jobs ignore Ctrl-C
  }
}

int received_signal() { return stop_signal.load(); }

}  // namespace evenkeel::app
