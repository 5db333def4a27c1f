#include "bench/bench.h"

#include <algorithm>

#include "bench/kernel_bench.h"
#include "bench/kernel_json.h"
#include "bench/kernel_page.h"
#include "bench/kernel_table.h"
#include "bench/step_bench.h"
#include "bench/step_output.h"

namespace evenkeel::bench {
namespace {

TurnSettings turns_of(const BenchSettings& settings) {
  TurnSettings turns;
  turns.rounds = settings.rounds;
  if (settings.quick) turns = {std::min(settings.rounds, 5), 0.25 * turns.sample_seconds};
  return turns;
}

KernelBenchSettings kernel_settings(const BenchSettings& asked) {
  KernelBenchSettings settings{standard_shapes(), asked.filter, asked.threads, turns_of(asked)};
  if (asked.quick) settings.shapes = {{32, 64, 56, 56}, {64, 50, 8, 8}, {256, 1024}};
  if (!asked.shapes.empty()) settings.shapes.clear();
  for (const auto& text : asked.shapes) settings.shapes.push_back(parse_shape(text));
  return settings;
}

}  // namespace

BenchOutput run_bench(const BenchSettings& settings, const BenchProgress& progress) {
  if (settings.steps) {
    const auto result = run_step_bench({settings.filter, settings.threads, turns_of(settings)}, progress);
    return {step_tables(result), step_json(result), [result] { return step_page(result); }};
  }
  const auto result = run_kernel_bench(kernel_settings(settings), progress);
  return {kernel_tables(result), kernel_json(result), [result] { return kernel_page(result); }};
}

}  // namespace evenkeel::bench
