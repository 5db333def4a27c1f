#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/kernel_bench.h"
#include "bench/kernel_json.h"
#include "bench/kernel_page.h"
#include "bench/kernel_table.h"
#include "bench/step_bench.h"
#include "bench/step_output.h"
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
  bool steps = false;
  std::vector<std::string> shapes;
  std::string filter;
  int threads = available_cores();
  int rounds = 21;
  bool quick = false;
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

TurnSettings turns_of(const Arguments& arguments) {
  TurnSettings turns;
  turns.rounds = arguments.rounds;
  if (arguments.quick) turns = {std::min(arguments.rounds, 5), 0.25 * turns.sample_seconds};
  return turns;
}

KernelBenchSettings kernel_settings(const Arguments& arguments) {
  KernelBenchSettings settings{standard_shapes(), arguments.filter, arguments.threads, turns_of(arguments)};
  if (arguments.quick) settings.shapes = {{32, 64, 56, 56}, {64, 50, 8, 8}, {256, 1024}};
  if (!arguments.shapes.empty()) settings.shapes.clear();
  for (const auto& text : arguments.shapes) settings.shapes.push_back(parse_shape(text));
  return settings;
}

// Table, JSON and page of a result: the files last, so that a disk that is full costs no figures.
template <typename Result>
int show(const Result& result, const Arguments& arguments, std::string (*tables)(const Result&),
         nlohmann::ordered_json (*json)(const Result&), std::string (*page)(const Result&)) {
  clear_progress();
  if (!arguments.json.replaces_text()) fmt::print("{}", tables(result));
  std::fflush(stdout);
  arguments.json.write(json(result));
  if (!arguments.html.empty()) files::write_file_atomically(arguments.html, page(result));
  return 0;
}

int run(const Arguments& arguments) {
  if (arguments.steps) {
    const auto result =
        run_step_bench({arguments.filter, arguments.threads, turns_of(arguments)}, show_progress);
    return show(result, arguments, step_tables, step_json, step_page);
  }
  const auto result = run_kernel_bench(kernel_settings(arguments), show_progress);
  return show(result, arguments, kernel_tables, kernel_json, kernel_page);
}

}  // namespace bench_command

Command add_bench(CLI::App& program) {
  auto arguments = std::make_shared<bench_command::Arguments>();
  auto* command =
      program.add_subcommand("bench", "Measure the kernels beside PyTorch's and oneDNN's, or training steps");
  command->footer(bench_command::kExamples);
  auto* steps = command->add_flag("--steps", arguments->steps,
                                  "Measure whole training steps of networks instead of single calls");
  command->add_option("--shapes", arguments->shapes, "Inputs as NxC or NxCxHxW (default: ten common ones)")
      ->excludes(steps);
  command->add_option(
      "--filter", arguments->filter,
      "Only what has this text in its name: an operation, a layout or, with --steps, a network");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--rounds", arguments->rounds, "Samples of each call")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_flag("--quick", arguments->quick,
                    "Three shapes, short samples, at most 5 rounds: rough figures");
  arguments->json.add_to(*command);
  command->add_option("--html", arguments->html, "Write a page with bars and tables to this file");
  return [arguments] { return bench_command::run(*arguments); };
}

}  // namespace evenkeel::app
