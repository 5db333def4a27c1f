#include "kernels/process.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <new>
#include <thread>

namespace evenkeel::kernels {
namespace {

constinit std::atomic<int> forks_seen = 0;

}  // namespace

int forks() {
  static constinit std::atomic<bool> watching = false;
  if (!watching.load(std::memory_order_acquire)) {  // twice does no harm
    if (pthread_atfork(nullptr, nullptr, [] { ++forks_seen; }) != 0) throw std::bad_alloc();
    watching.store(true, std::memory_order_release);
  }
  return forks_seen.load(std::memory_order_relaxed);
}

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void stay_loaded() {
  static const char here = 0;
  Dl_info info;
  // The handle is never closed. Without one, this is the program itself.
  if (dladdr(&here, &info) != 0) dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

SignalsBlocked::SignalsBlocked() {
  sigset_t others;
  sigfillset(&others);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF}) sigdelset(&others, own);
  pthread_sigmask(SIG_BLOCK, &others, &before_);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace evenkeel::kernels
