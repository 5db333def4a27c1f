#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "evenkeel/kernels/executor.h"

namespace evenkeel::kernels {
namespace {

class SerialExecutor final : public Executor {
 public:
  int concurrency() const override { return 1; }
  void parallel_for(std::int64_t count, RangeFunction work) override {
    if (count > 0) work(0, count);
  }
};

// Thread k of n always gets the k-th of n nearly equal ranges.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(int threads) : threads_(threads) {
    workers_.reserve(static_cast<std::size_t>(threads - 1));
    try {
      for (int k = 1; k < threads; ++k) workers_.emplace_back([this, k] { serve(k); });
    } catch (...) {  // the system has no thread left to give
      stop();
      throw;
    }
  }

  ~ThreadPool() override { stop(); }

  int concurrency() const override { return threads_; }

  void parallel_for(std::int64_t count, RangeFunction work) override {
    if (count <= 0) return;
    const std::lock_guard turn(turn_);
    {
      const std::lock_guard lock(mutex_);
      work_ = &work;
      count_ = count;
      pending_ = threads_ - 1;
      ++round_;
    }
    start_.notify_all();
    run_range(0, count, work);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return pending_ == 0; });
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    start_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void run_range(int k, std::int64_t count, const RangeFunction& work) const {
    const std::int64_t begin = count * k / threads_;
    const std::int64_t end = count * (k + 1) / threads_;
    if (begin < end) work(begin, end);
  }

  void serve(int k) {
    std::uint64_t seen = 0;
    for (;;) {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
      const RangeFunction work = *work_;
      const std::int64_t count = count_;
      lock.unlock();
      run_range(k, count, work);
      lock.lock();
      if (--pending_ == 0) done_.notify_one();
    }
  }

  const int threads_;
  std::vector<std::thread> workers_;
  std::mutex turn_;   // one parallel_for at a time
  std::mutex mutex_;  // guards what follows
  std::condition_variable start_;
  std::condition_variable done_;
  const RangeFunction* work_ = nullptr;
  std::int64_t count_ = 0;
  std::uint64_t round_ = 0;
  int pending_ = 0;
  bool stopping_ = false;
};

// The cores this process may run on, which can be fewer than the machine has.
int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

Executor& serial_executor() {
  static SerialExecutor executor;
  return executor;
}

Executor& default_executor() {
  static ThreadPool pool(usable_cores());
  return pool;
}

std::unique_ptr<Executor> make_thread_pool(int threads) {
  if (threads < 1) {
    throw std::invalid_argument("[make_thread_pool] expected at least 1 thread, got " +
                                std::to_string(threads));
  }
  return std::make_unique<ThreadPool>(threads);
}

}  // namespace evenkeel::kernels
