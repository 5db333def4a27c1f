// How the kernels get their threads: through an executor the caller passes.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)
namespace evenkeel::kernels {

// A reference to a callable void(begin, end); it does not own what it refers to.
class RangeFunction {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, RangeFunction>)
      RangeFunction(F&& function)  // NOLINT(google-explicit-constructor): lambdas are passed as they are
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
        call_([](void* object, std::int64_t begin, std::int64_t end) {
          (*static_cast<std::remove_reference_t<F>*>(object))(begin, end);
        }) {}

  void operator()(std::int64_t begin, std::int64_t end) const { call_(object_, begin, end); }

 private:
  void* object_;
  void (*call_)(void*, std::int64_t, std::int64_t);
};

class Executor {
 public:
  virtual ~Executor() = default;

  // The number of threads that parallel_for can keep busy, at least 1.
  virtual int concurrency() const = 0;

  // Calls work(begin, end) for contiguous ranges that together are [0, count), in parallel, and returns when
  // all are done. The same count gives the same ranges to the same threads where possible, so that what a
  // thread has in its cache after one call is what it works on in the next. The kernels' work does not
  // throw, and does not call parallel_for.
  virtual void parallel_for(std::int64_t count, RangeFunction work) = 0;
};

// Runs everything on the calling thread.
Executor& serial_executor();

// Pools of threads, the default one and those made below:
// - Several threads may call one at once; the calls then take turns. A call from within its own work runs on the thread that
//   makes it.
// - What work throws reaches the caller of parallel_for, once all ranges have come to an end; of several exceptions, the first.
// - In a child of fork() a pool that was made before works as in the parent, with threads of its own, whatever ran while the
//   process forked; in the child it may be destroyed too, and the child may exit.
// - Any thread may call exit(), a pool's own threads included.
// - Their threads take no signals (but for those of faults, and a profiler's): those are for the program's own threads.

// A pool that lives as long as the process, one thread for each core that the process may use when it is asked for first, or
// as many as the system gives. It is never destroyed, and what it was linked into stays loaded.
Executor& default_executor();

// A pool of its own: `threads` counts the calling thread. Throws std::invalid_argument for threads < 1, and std::system_error
// if the system does not give them.
std::unique_ptr<Executor> make_thread_pool(int threads);

}  // namespace evenkeel::kernels
#pragma GCC visibility pop
