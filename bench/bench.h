// `evenkeel bench` without LibTorch's headers: what is asked for, and what is shown.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace evenkeel::bench {

struct BenchSettings {
  bool steps = false;               // whole training steps of networks instead of single calls
  std::vector<std::string> shapes;  // "32x64x56x56"; none: the standard ones
  std::string filter;
  int threads = 1;
  int rounds = 21;
  bool quick = false;
};

struct BenchOutput {
  std::string tables;
  nlohmann::ordered_json json;
  std::function<std::string()> page;  // drawn when it is asked for
};

// Told before each measurement: how many are done, of how many, and which one comes. Throws as run_kernel_bench and run_step_bench do,
// and std::invalid_argument for what is no shape.
BenchOutput run_bench(const BenchSettings& settings,
                      const std::function<void(int done, int all, const std::string& next)>& progress);

}  // namespace evenkeel::bench
