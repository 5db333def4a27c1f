// Geometric means over shapes.
#pragma once

#include <vector>

#include "bench/kernel_bench.h"

namespace evenkeel::bench {

// The measurements of one operation in one layout.
struct Group {
  Operation operation;
  Layout layout = Layout::kChannelsFirst;
  std::vector<const Measurement*> measurements;  // of the result that was grouped, which has to live on

  // Of Measurement::ratio().
  double mean_ratio(Peer over, Peer under) const;

  // Our time over the limit, where the tensor has more than 8 MB and does not stay in a cache.
  double mean_over_limit_when_large() const;
};

// In the order of the measurements.
std::vector<Group> groups(const KernelBenchResult& result);

}  // namespace evenkeel::bench
