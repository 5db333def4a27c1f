#include "bench/environment.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "bench/onednn_batch_norm.h"
#include "evenkeel/kernels/instruction_set.h"
#include "files/machine.h"

namespace evenkeel::bench {
Environment environment() {
  return {
      {"processor", files::processor()},
      {"threads", fmt::to_string(at::get_num_threads())},
      {"Evenkeel", kernels::instruction_set()},
      {"LibTorch",
       fmt::format("{}, {}", TORCH_VERSION, files::rest_of_line(at::show_config(), "CPU capability usage"))},
      {"oneDNN", onednn_version()},
  };
}

}  // namespace evenkeel::bench
