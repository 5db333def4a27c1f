#include "libtorch/executor.h"

#include <ATen/Parallel.h>
#include <pthread.h>

#include <atomic>

namespace evenkeel::libtorch {
namespace {

// at::parallel_for is a template that is parallel only in code compiled for LibTorch's kind of threads.
#ifndef INTRA_OP_PARALLEL
#error "executor.cpp has to be compiled with the OpenMP flags"
#endif

// The threads of OpenMP do not come along into a child of fork(), and waiting for them is for ever. A child computes on its own
// thread, to the same bits.
std::atomic<bool> forked{false};
[[maybe_unused]] const int kWatchesForks = pthread_atfork(nullptr, nullptr, [] { forked = true; });

class TorchExecutor final : public kernels::Executor {
 public:
  int concurrency() const override {
    return forked.load(std::memory_order_relaxed) || at::in_parallel_region() ? 1 : at::get_num_threads();
  }

  void parallel_for(std::int64_t count, kernels::RangeFunction work) override {
    if (count <= 0) return;
    const std::int64_t threads = concurrency();
    if (threads == 1) return work(0, count);
    // One index for each thread: LibTorch gives index k to thread k.
    at::parallel_for(0, threads, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t k = first; k < last; ++k) {
        const std::int64_t begin = count * k / threads;
        const std::int64_t end = count * (k + 1) / threads;
        if (begin < end) work(begin, end);
      }
    });
  }
};

}  // namespace

kernels::Executor& executor() {
  static TorchExecutor& torch_executor =
      *new TorchExecutor;  // never destroyed: kernels may run while the process ends
  return torch_executor;
}

}  // namespace evenkeel::libtorch
