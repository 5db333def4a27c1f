#include "runs/environment.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>

#include <cstdlib>

#include "evenkeel/kernels/instruction_set.h"
#include "files/machine.h"
#include "files/version.h"

namespace evenkeel::runs {
namespace {

std::string instruction_sets() {
  std::string others;
  for (const auto& name : kernels::supported_instruction_sets())
    others += (others.empty() ? "" : ", ") + name;
  return fmt::format("{} (of {})", kernels::instruction_set(), others);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> all{
      {"Evenkeel", files::versions().evenkeel},
      {"LibTorch", fmt::format("{}, {}", files::versions().libtorch,
                               files::rest_of_line(at::show_config(), "CPU capability usage"))},
      {"processor", files::processor()},
      {"instruction set", instruction_sets()},
      {"LibTorch's threads", fmt::to_string(at::get_num_threads())},
      {"allocator", files::memory_allocator()},
      {"compiler", "GCC-compatible " __VERSION__}};
  for (const char* name : {"EVENKEEL_INSTRUCTION_SET", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA",
                           "OMP_NUM_THREADS", "LD_PRELOAD"})
    if (const char* value = std::getenv(name)) all.emplace_back(name, value);
  return all;
}

}  // namespace evenkeel::runs
