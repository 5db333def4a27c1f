#include "kernels/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>

#include "evenkeel/kernels/executor.h"
#include "kernels/process.h"

namespace evenkeel::kernels {
namespace {

class SerialExecutor final : public Executor {
 public:
  int concurrency() const override { return 1; }
  void parallel_for(std::int64_t count, RangeFunction work) override {
    if (count > 0) work(0, count);
  }
};

// The crew whose work this thread is doing.
thread_local constinit const Crew* working_for = nullptr;

class Working {
 public:
  explicit Working(const Crew* crew) : before_(std::exchange(working_for, crew)) {}
  ~Working() { working_for = before_; }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

 private:
  const Crew* before_;
};

// A crew, and another one in a child of fork(), where the threads of the first are not and its locks may be held for ever.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(int threads) : threads_(threads) {}
  ~ThreadPool() override {
    Crew* crew = crew_.load(std::memory_order_acquire);
    // Left as it is in a child of fork(), and when one of its own threads ends the process.
    if (!crew || crew->forks != forks() || crew->is_me()) return;
    delete crew;
  }

  // All threads there are to be; or an exception.
  void start() { crew().start(threads_, threads_); }

  // Asked before a call writes anything: what can fail, fails here.
  int concurrency() const override {
    crew();
    return threads_;
  }

  void parallel_for(std::int64_t count, RangeFunction work) override {
    if (count <= 0) return;
    Crew& its = crew();
    if (working_for == &its) return work(0, count);  // it waits for this thread already
    its.parallel_for(threads_, count, work);
  }

 private:
  Crew& crew() const {
    Crew* known = crew_.load(std::memory_order_acquire);
    if (known && known->forks == forks()) return *known;
    auto mine = std::make_unique<Crew>(known);
    if (!crew_.compare_exchange_strong(known, mine.get(), std::memory_order_acq_rel)) return *known;
    return *mine.release();
  }

  const int threads_;
  mutable std::atomic<Crew*> crew_ = nullptr;
};

}  // namespace

Crew::Crew(const Crew* of_the_parent) : forks(kernels::forks()), of_the_parent_(of_the_parent) {}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool Crew::is_me() const {
  const auto is_me = [](const std::thread& worker) { return worker.get_id() == std::this_thread::get_id(); };
  return std::any_of(workers_.begin(), workers_.end(), is_me);
}

// Those that are started stay, whatever happens to the next.
void Crew::start(int threads, int at_least) {
  if (started_) return;
  const SignalsBlocked blocked;  // the workers inherit that: signals are for the program's own threads
  try {
    workers_.reserve(static_cast<std::size_t>(threads - 1));
    while (static_cast<int>(workers_.size()) + 1 < threads) {
      workers_.emplace_back([this, k = static_cast<int>(workers_.size()) + 1] { serve(k); });
    }
  } catch (...) {  // the system has no thread or no memory left to give
    if (static_cast<int>(workers_.size()) + 1 < at_least) throw;
  }
  started_ = true;
}

void Crew::parallel_for(int threads, std::int64_t count, const RangeFunction& work) {
  const std::lock_guard turn(turn_);
  start(threads, 1);
  std::unique_lock lock(mutex_);
  work_ = &work;
  count_ = count;
  pending_ = static_cast<int>(workers_.size());
  ++round_;
  lock.unlock();
  start_.notify_all();
  run_range(0);
  lock.lock();
  done_.wait(lock, [this] { return pending_ == 0; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

// The k-th of nearly equal ranges, one for each thread.
void Crew::run_range(int k) {
  const auto threads = static_cast<std::int64_t>(workers_.size()) + 1;
  const std::int64_t begin = count_ * k / threads;
  const std::int64_t end = count_ * (k + 1) / threads;
  if (begin == end) return;
  const Working working(this);
  try {
    (*work_)(begin, end);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void Crew::serve(int k) {
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    start_.wait(lock, [&] { return stopping_ || round_ != seen; });
    if (stopping_) return;
    seen = round_;
    lock.unlock();
    run_range(k);
    lock.lock();
    if (--pending_ == 0) done_.notify_one();
  }
}

Executor& serial_executor() {
  static Executor& executor = *new SerialExecutor;  // never destroyed: kernels may run while the process ends
  return executor;
}

Executor& default_executor() {
  static constinit std::atomic<ThreadPool*> pool = nullptr;
  ThreadPool* known = pool.load(std::memory_order_acquire);
  if (known) return *known;
  stay_loaded();  // its threads never end
  auto mine = std::make_unique<ThreadPool>(usable_cores());
  if (!pool.compare_exchange_strong(known, mine.get(), std::memory_order_acq_rel)) return *known;
  return *mine.release();
}

std::unique_ptr<Executor> make_thread_pool(int threads) {
  if (threads < 1) {
    throw std::invalid_argument("[make_thread_pool] expected at least 1 thread, got " +
                                std::to_string(threads));
  }
  auto pool = std::make_unique<ThreadPool>(threads);
  pool->start();
  return pool;
}

}  // namespace evenkeel::kernels
