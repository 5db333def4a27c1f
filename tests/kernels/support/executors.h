// Executors that must not make a difference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/kernels/executor.h"

namespace evenkeel::kernels::test {

// Claims eight threads, and runs the ranges one after the other in a shuffled order on the calling thread:
// what depends on the order, or on ranges being as wide as last time, shows every time and not once in a
// thousand.
class ShufflingExecutor final : public Executor {
 public:
  int concurrency() const override { return 8; }
  void parallel_for(std::int64_t count, RangeFunction work) override;

 private:
  std::uint64_t calls_ = 0;
};

struct NamedExecutor {
  std::string name;
  Executor& executor;
};

// Serial, shuffling, and pools of 1, 2, 3 and 8 threads, made once for the whole program.
const std::vector<NamedExecutor>& all_executors();

// The pool of 3 threads, where one stands for all.
Executor& three_threads();

}  // namespace evenkeel::kernels::test
