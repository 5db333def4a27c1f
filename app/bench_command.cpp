#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "bench/bench.h"
#include "commands.h"
#include "files/atomic_file.h"
#include "json_option.h"
#include "process.h"

namespace evenkeel::app {
namespace bench_command {

using namespace bench;

constexpr const char* kExamples = R"(Examples:
  evenkeel bench --quick                               a first look, some seconds
  evenkeel bench --html bench.html --json bench.json   everything, some minutes
  evenkeel bench --steps                               whole training steps of some networks
  evenkeel bench --threads 1 --filter backward
  evenkeel bench --shapes 32x64x56x56 64x500 --filter "channels last"
  ATEN_CPU_CAPABILITY=avx512 evenkeel bench            with PyTorch's kernels for AVX-512; by default it uses AVX2

Quiet machines give steady figures: end what else runs. docs/benchmarks.md says what is measured, and how.)";

struct Arguments {
  BenchSettings settings;
  JsonOption json;
  std::string html;
};

// On a terminal, one line that is written over; nothing elsewhere.
void show_progress(int done, int all, const std::string& next) {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\033[K[{}/{}] {}", done + 1, all, next);
}

void clear_progress() {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\033[K");
}

// The files last, so that a disk that is full costs no figures.
int run(const Arguments& arguments) {
  const auto output = run_bench(arguments.settings, show_progress);
  clear_progress();
  if (!arguments.json.replaces_text()) fmt::print("{}", output.tables);
  std::fflush(stdout);
  arguments.json.write(output.json);
  if (!arguments.html.empty()) files::write_file_atomically(arguments.html, output.page());
  return 0;
}

}  // namespace bench_command

Command add_bench(CLI::App& program) {
  auto arguments = std::make_shared<bench_command::Arguments>();
  auto& settings = arguments->settings;
  settings.threads = available_cores();
  auto* command =
      program.add_subcommand("bench", "Measure the kernels beside PyTorch's and oneDNN's, or training steps");
  command->footer(bench_command::kExamples);
  auto* steps = command->add_flag("--steps", settings.steps,
                                  "Measure whole training steps of networks instead of single calls");
  command->add_option("--shapes", settings.shapes, "Inputs as NxC or NxCxHxW (default: ten common ones)")
      ->excludes(steps);
  command->add_option(
      "--filter", settings.filter,
      "Only what has this text in its name: an operation, a layout or, with --steps, a network");
  command->add_option("--threads", settings.threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--rounds", settings.rounds, "Samples of each call")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_flag("--quick", settings.quick,
                    "Three shapes, short samples, at most 5 rounds: rough figures");
  arguments->json.add_to(*command);
  command->add_option("--html", arguments->html, "Write a page with bars and tables to this file");
  return [arguments] { return bench_command::run(*arguments); };
}

}  // namespace evenkeel::app
