// The result of the kernel benchmark as a page: bars and tables.
#pragma once

#include <string>

#include "bench/kernel_bench.h"

namespace evenkeel::bench {

// One self-contained HTML document. Throws std::runtime_error when the bars cannot be drawn.
std::string kernel_page(const KernelBenchResult& result);

}  // namespace evenkeel::bench
