// The result of the step benchmark for a terminal, for programs and as a page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/step_bench.h"

namespace evenkeel::bench {

std::string step_tables(const StepBenchResult& result);

// docs/benchmarks.md describes the fields.
nlohmann::ordered_json step_json(const StepBenchResult& result);

// One self-contained HTML document. Throws std::runtime_error when the bars cannot be drawn.
std::string step_page(const StepBenchResult& result);

}  // namespace evenkeel::bench
