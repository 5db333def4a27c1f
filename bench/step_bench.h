// Measures whole steps of training: forward, backward and the optimiser.
#pragma once

#include <string>
#include <vector>

#include "bench/environment.h"
#include "bench/kernel_bench.h"
#include "bench/step_networks.h"
#include "bench/turns.h"

namespace evenkeel::bench {

struct StepBenchSettings {
  std::string filter;  // only the networks whose name holds it
  int threads = 1;
  TurnSettings turns;
};

struct StepTiming : Timing {
  Norms norms = Norms::kTorch;
  std::vector<double> first_loss;  // of the steps before the timing, which were held against each other
};

struct StepMeasurement {
  std::string network;
  std::vector<StepTiming> timings;  // of all_norms(), in their order

  double torch_over(const StepTiming& timing) const {
    return timings.front().seconds.median / timing.seconds.median;
  }
};

// The memory of norm and ReLU in a forward that will have a backward, in bytes.
struct StepMemory {
  std::string layers;  // "relu(norm(x))"
  Norms norms = Norms::kTorch;
  std::int64_t input = 0;  // of x
  std::int64_t held = 0;   // after the forward, beside x: the result, and what autograd keeps
  std::int64_t peak = 0;   // during the forward, beside x
};

struct StepBenchResult {
  Environment environment;
  StepBenchSettings settings;
  std::vector<StepMeasurement> measurements;
  std::vector<StepMemory> memory;
};

// Throws std::runtime_error with one line when networks that started alike do not learn alike, and
// std::invalid_argument when the filter leaves nothing.
StepBenchResult run_step_bench(const StepBenchSettings& settings, const BenchProgress& progress);

}  // namespace evenkeel::bench
