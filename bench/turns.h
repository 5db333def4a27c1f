// Timing things that take turns, so that what disturbs the machine disturbs all alike.
#pragma once

#include <functional>
#include <vector>

#include "bench/statistics.h"
#include "evenkeel/kernels/executor.h"

namespace evenkeel::bench {

struct TurnSettings {
  int rounds = 21;
  double sample_seconds = 2e-3;  // a short call is repeated for about so long
};

// How long one call took. Samples taken while the threads did not run in parallel are dropped; where too few
// would be left, all count, and `disturbed` says so.
struct Timing {
  Spread seconds;
  int samples = 0;
  int dropped = 0;
  bool disturbed = false;
};

// Whether the threads of an executor truly run at the same time: two virtual processors can share one core.
class ParallelProbe {
 public:
  explicit ParallelProbe(kernels::Executor& executor);

  // A short spin on every thread; true when it takes hardly longer than on one thread alone.
  bool parallel();

  // Waits until parallel() says so, for some tries; false when it gave up.
  bool wait();

 private:
  double spin_together();

  kernels::Executor& executor_;
  double alone_;
};

// Each call once in every round, `probe` before and after it.
std::vector<Timing> take_turns(const std::vector<std::function<void()>>& calls, const TurnSettings& settings,
                               ParallelProbe& probe);

}  // namespace evenkeel::bench
