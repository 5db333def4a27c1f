// How the kernels get their threads: through an executor the caller passes.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

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
  // thread has in its cache after one call is what it works on in the next. `work` does not throw
  // and does not call parallel_for of the same executor.
  virtual void parallel_for(std::int64_t count, RangeFunction work) = 0;
};

// Runs everything on the calling thread.
Executor& serial_executor();

// A pool of threads that lives as long as the process, one thread for each core this process may use.
// Several threads may call it at once; the calls then take turns.
Executor& default_executor();

// A pool of its own: `threads` counts the calling thread. Throws std::invalid_argument for threads < 1.
std::unique_ptr<Executor> make_thread_pool(int threads);

}  // namespace evenkeel::kernels
