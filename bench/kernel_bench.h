// Measures batch norm as implementations do it, call by call.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/environment.h"
#include "bench/problem.h"
#include "bench/turns.h"

namespace evenkeel::bench {

struct KernelBenchSettings {
  std::vector<Shape> shapes = standard_shapes();
  std::string filter;  // only the operations and layouts whose name holds it: "backward", "channels last"
  int threads = 1;
  TurnSettings turns;
};

struct ContenderTiming : Timing {
  Peer peer = Peer::kEvenkeel;
  std::string way;
};

// All contenders at one operation on one tensor.
struct Measurement {
  Shape shape;
  Layout layout = Layout::kChannelsFirst;
  Operation operation;
  std::vector<ContenderTiming> timings;

  // The fastest way of a peer; null where it took no part.
  const ContenderTiming* fastest(Peer peer) const;

  // The median of one over that of the other; NaN where one of them is missing.
  double ratio(Peer over, Peer under) const;

  // Whether any of the timings is.
  bool disturbed() const;
};

struct KernelBenchResult {
  Environment environment;
  KernelBenchSettings settings;
  std::vector<Measurement> measurements;  // by operation, then layout, then shape
};

// Told before each measurement: how many are done, of how many, and which one comes.
using BenchProgress = std::function<void(int done, int all, const std::string& next)>;

// Throws std::runtime_error with one line when a contender's result is not right, and
// std::invalid_argument when the filter leaves nothing.
KernelBenchResult run_kernel_bench(const KernelBenchSettings& settings, const BenchProgress& progress);

}  // namespace evenkeel::bench
