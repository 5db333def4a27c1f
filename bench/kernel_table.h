// The result of the kernel benchmark as tables for a terminal.
#pragma once

#include <string>

#include "bench/kernel_bench.h"

namespace evenkeel::bench {

// The environment, a table for each operation with a geometric mean for each layout, and what the columns mean.
std::string kernel_tables(const KernelBenchResult& result);

}  // namespace evenkeel::bench
