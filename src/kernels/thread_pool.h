// The threads of a pool.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "evenkeel/kernels/executor.h"

namespace evenkeel::kernels {

// They wait for rounds of work. Thread k of n always gets the k-th of n nearly equal ranges; number 0 is the calling thread.
class Crew {
 public:
  explicit Crew(const Crew* of_the_parent);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Starts threads - 1 workers, once: all of them, or as many as the system gives; fewer than `at_least` are an exception.
  void start(int threads, int at_least);
  // Throws what `work` threw first, when all have come to their end.
  void parallel_for(int threads, std::int64_t count, const RangeFunction& work);
  // Whether the calling thread is one of the workers.
  bool is_me() const;

  const int forks;  // in whose process the threads are: see forks()

 private:
  void run_range(int k);
  void serve(int k);

  const Crew* const of_the_parent_;  // kept within reach, where leak checkers look
  std::mutex turn_;                  // one parallel_for at a time; guards the next two
  std::vector<std::thread> workers_;
  bool started_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable start_;
  std::condition_variable done_;
  const RangeFunction* work_ = nullptr;
  std::int64_t count_ = 0;
  std::uint64_t round_ = 0;
  int pending_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
};

}  // namespace evenkeel::kernels
