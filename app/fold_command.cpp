#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/json_parts.h"
#include "bench/text.h"
#include "bench/turns.h"
#include "commands.h"
#include "data/data_set.h"
#include "json_option.h"
#include "libtorch/executor.h"
#include "process.h"
#include "runs/comparison.h"
#include "runs/folded_file.h"
#include "training/config.h"

namespace evenkeel::app {
namespace fold_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel fold runs/mnist -o folded.pt
  evenkeel fold runs/mnist -o folded.pt --data digits
  evenkeel fold runs/mnist -o folded.pt --json

The file is a state dict of the network without batch norm: docs/run_folder.md has it in Python, with_norm=False.
The bound is proven for inputs up to the largest |x|; docs/folding.md says how, and what it assumes.)";

struct Arguments {
  std::string run;
  std::string file;
  std::string data;
  int threads = available_cores();
  JsonOption json;
};

// A pass of each network over the same pictures.
struct Timings {
  bench::Timing trained, folded;
};

Timings time_passes(const runs::FoldedFile& folded) {
  bench::ParallelProbe probe(libtorch::executor());
  const auto timings =
      bench::take_turns({folded.trained_pass, folded.folded_pass}, bench::TurnSettings(), probe);
  return {timings.front(), timings.back()};
}

void print_table(const std::string& data, const runs::FoldedFile& folded, const Timings& timings) {
  fmt::print("{:<17}{:<17}{:>12}{:>22}{:>12}\n", "layer", "takes norm", "largest |x|", "largest difference",
             "bound");
  for (const auto& layer : folded.layers)
    fmt::print("{:<17}{:<17}{:>12.4g}{:>22.2g}{:>12.2g}\n", layer.layer, layer.norm, layer.largest_input,
               layer.largest_difference, layer.bound);
  fmt::print(
      "\n{}: {:.2f} % right as trained, {:.2f} % folded; {} of {} predictions differ, logits by up to "
      "{:.2g}\n",
      data, 100 * folded.trained_accuracy, 100 * folded.folded_accuracy, folded.different_predictions,
      folded.test_count, folded.largest_logit_difference);
  fmt::print("a pass over {} pictures: {} as trained, {} folded\n", folded.pictures_per_pass,
             bench::timing_text(timings.trained), bench::timing_text(timings.folded));
}

nlohmann::ordered_json to_json(const std::string& data, const runs::FoldedFile& folded,
                               const Timings& timings) {
  nlohmann::ordered_json layers;
  for (const auto& layer : folded.layers)
    layers.push_back({{"layer", layer.layer},
                      {"norm", layer.norm},
                      {"largest_input", layer.largest_input},
                      {"largest_difference", layer.largest_difference},
                      {"bound", layer.bound}});
  return {{"data", data},
          {"test_count", folded.test_count},
          {"test_accuracy", folded.trained_accuracy},
          {"folded_test_accuracy", folded.folded_accuracy},
          {"different_predictions", folded.different_predictions},
          {"largest_logit_difference", folded.largest_logit_difference},
          {"layers", layers},
          {"pictures_per_pass", folded.pictures_per_pass},
          {"pass", bench::timing_json(timings.trained)},
          {"folded_pass", bench::timing_json(timings.folded)}};
}

int run(const Arguments& arguments) {
  const auto folder = runs::open_single_run(arguments.run);
  runs::check_not_of_a_run(arguments.file);
  const auto data = arguments.data.empty() ? training::read_config(folder.config()).data : arguments.data;
  const auto folded =
      runs::fold_run_to_file(folder, data::open_data_set(data), arguments.threads, arguments.file);
  const auto timings = time_passes(folded);
  if (!arguments.json.replaces_text()) print_table(data, folded, timings);
  arguments.json.write(to_json(data, folded, timings));
  return 0;
}

}  // namespace fold_command

Command add_fold(CLI::App& program) {
  auto arguments = std::make_shared<fold_command::Arguments>();
  auto* command = program.add_subcommand(
      "fold", "Fold the batch norms of a run into its layers: the same network, smaller and faster");
  command->footer(fold_command::kExamples);
  command->add_option("RUN", arguments->run, "The folder of a finished run")->required();
  command->add_option("-o,--out", arguments->file, "Where to write the folded network")->required();
  command->add_option("--data", arguments->data,
                      "Other pictures than the run's: digits, mnist:DIR or cifar10:DIR");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  arguments->json.add_to(*command);
  return [arguments] { return fold_command::run(*arguments); };
}

}  // namespace evenkeel::app
