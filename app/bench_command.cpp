#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/kernel_bench.h"
#include "bench/kernel_table.h"
#include "commands.h"
#include "process.h"

namespace evenkeel::app {
namespace {

using namespace bench;

constexpr const char* kExamples = R"(Examples:
  evenkeel bench --quick                               a first look, some seconds
  evenkeel bench --html bench.html --json bench.json   everything, some minutes
  evenkeel bench --threads 1 --filter backward
  evenkeel bench --shapes 32x64x56x56 64x500 --filter "channels last"
  ATEN_CPU_CAPABILITY=avx512 evenkeel bench            with PyTorch's kernels for AVX-512; by default it uses AVX2

Quiet machines give steady figures: end what else runs. docs/benchmarks.md says what is measured, and how.)";

struct Arguments {
  std::vector<std::string> shapes;
  std::string filter;
  int threads = available_cores();
  int rounds = 21;
  bool quick = false;
};

// On a terminal, one line that is written over; nothing elsewhere.
void show_progress(int done, int all, const std::string& next) {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\033[K[{}/{}] {}", done + 1, all, next);
}

void clear_progress() {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\033[K");
}

KernelBenchSettings settings_of(const Arguments& arguments) {
  KernelBenchSettings settings;
  if (!arguments.shapes.empty()) {
    settings.shapes.clear();
    for (const auto& text : arguments.shapes) settings.shapes.push_back(parse_shape(text));
  }
  settings.filter = arguments.filter;
  settings.threads = arguments.threads;
  settings.turns.rounds = arguments.rounds;
  return settings;
}

int run(const Arguments& arguments) {
  const auto result = run_kernel_bench(settings_of(arguments), show_progress);
  clear_progress();
  fmt::print("{}", kernel_tables(result));
  return 0;
}

}  // namespace

Command add_bench(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = program.add_subcommand("bench", "Measure the kernels beside PyTorch's and oneDNN's");
  command->footer(kExamples);
  command->add_option("--shapes", arguments->shapes, "Inputs as NxC or NxCxHxW (default: those of the docs)");
  command->add_option("--filter", arguments->filter,
                      "Only operations and layouts whose name holds this text");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--rounds", arguments->rounds, "Samples of each")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  return [arguments] { return run(*arguments); };
}

}  // namespace evenkeel::app
