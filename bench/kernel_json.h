// The result of the kernel benchmark for programs to read. docs/benchmarks.md describes the fields.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/kernel_bench.h"

namespace evenkeel::bench {

nlohmann::ordered_json kernel_json(const KernelBenchResult& result);

}  // namespace evenkeel::bench
