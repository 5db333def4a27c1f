// What the thread pools have to know about the process they live in.
#pragma once

#include <signal.h>

namespace evenkeel::kernels {

// How often this process and its parents have forked since they asked first. Threads do not come along into a child.
int forks();

// The cores this process may run on, which can be fewer than the machine has.
int usable_cores();

// The library or program this code is in stays in memory until the process ends, even if it is closed.
void stay_loaded();

// While one of these lives, the calling thread takes no signals, but for those that a fault of its own raises and a profiler's.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace evenkeel::kernels
