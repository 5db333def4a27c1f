#include "bench/environment.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "bench/onednn_batch_norm.h"
#include "evenkeel/kernels/instruction_set.h"
#include "files/machine.h"

namespace evenkeel::bench {
namespace {

// The text after `begin` up to the end of its line, without the blanks and colons before it.
std::string rest_of_line(const std::string& text, const std::string& begin) {
  const auto found = text.find(begin);
  if (found == std::string::npos) return "unknown";
  const auto start = text.find_first_not_of(" \t:", found + begin.size());
  return start == std::string::npos ? "unknown" : text.substr(start, text.find('\n', start) - start);
}

}  // namespace

Environment environment() {
  return {
      {"processor", files::processor()},
      {"threads", fmt::to_string(at::get_num_threads())},
      {"Evenkeel", kernels::instruction_set()},
      {"LibTorch",
       fmt::format("{}, {}", TORCH_VERSION, rest_of_line(at::show_config(), "CPU capability usage"))},
      {"oneDNN", onednn_version()},
  };
}

}  // namespace evenkeel::bench
