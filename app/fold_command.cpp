#include <fmt/format.h>
#include <torch/torch.h>

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
#include "runs/folding.h"
#include "runs/saved_model.h"
#include "training/config.h"

namespace evenkeel::app {
namespace fold_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel fold runs/mnist -o folded.pt
  evenkeel fold runs/mnist -o folded.pt --data digits
  evenkeel fold runs/mnist -o folded.pt --json

The file is a state dict of the network without batch norm: docs/run_folder.md has it in Python, with_norm=False.
The bound is proven for inputs up to the largest |x|; docs/folding.md says how, and what it assumes.)";

constexpr std::int64_t kTimedPictures = 250;

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

Timings time_passes(const runs::FoldedRun& run, const models::PictureShape& shape) {
  const torch::InferenceMode no_gradients;
  const auto pictures = torch::randn({kTimedPictures, shape.channels, shape.rows, shape.columns});
  bench::ParallelProbe probe(libtorch::executor());
  const auto pass = [&](const std::shared_ptr<models::Network>& network) {
    return [network, pictures] { network->forward(pictures); };
  };
  const auto timings = bench::take_turns({pass(run.trained), pass(run.folded)}, bench::TurnSettings(), probe);
  return {timings.front(), timings.back()};
}

void print_table(const std::string& data, const runs::FoldedRun& run, const Timings& timings) {
  fmt::print("{:<17}{:<17}{:>12}{:>22}{:>12}\n", "layer", "takes norm", "largest |x|", "largest difference",
             "bound");
  for (const auto& step : run.steps)
    fmt::print("{:<17}{:<17}{:>12.4g}{:>22.2g}{:>12.2g}\n", step.layer, step.norm,
               step.certificate.largest_input, step.certificate.largest_measured(),
               step.certificate.largest_bound());
  fmt::print(
      "\n{}: {:.2f} % right as trained, {:.2f} % folded; {} of {} predictions differ, logits by up to "
      "{:.2g}\n",
      data, 100 * run.of_trained.accuracy(), 100 * run.of_folded.accuracy(), run.different_predictions,
      run.of_trained.count, run.largest_logit_difference);
  fmt::print("a pass over {} pictures: {} as trained, {} folded\n", kTimedPictures,
             bench::timing_text(timings.trained), bench::timing_text(timings.folded));
}

nlohmann::ordered_json to_json(const std::string& data, const runs::FoldedRun& run, const Timings& timings) {
  nlohmann::ordered_json layers;
  for (const auto& step : run.steps)
    layers.push_back({{"layer", step.layer},
                      {"norm", step.norm},
                      {"largest_input", step.certificate.largest_input},
                      {"largest_difference", step.certificate.largest_measured()},
                      {"bound", step.certificate.largest_bound()}});
  return {{"data", data},
          {"test_count", run.of_trained.count},
          {"test_accuracy", run.of_trained.accuracy()},
          {"folded_test_accuracy", run.of_folded.accuracy()},
          {"different_predictions", run.different_predictions},
          {"largest_logit_difference", run.largest_logit_difference},
          {"layers", layers},
          {"pictures_per_pass", kTimedPictures},
          {"pass", bench::timing_json(timings.trained)},
          {"folded_pass", bench::timing_json(timings.folded)}};
}

int run(const Arguments& arguments) {
  const auto folder = runs::open_single_run(arguments.run);
  runs::check_not_of_a_run(arguments.file);
  const auto config = training::read_config(folder.config());
  const auto data = arguments.data.empty() ? config.data : arguments.data;
  const auto folded = runs::fold_run(folder, data::open_data_set(data), arguments.threads);
  runs::save_model(arguments.file, *folded.folded);
  const auto timings = time_passes(folded, models::picture_shape(config.model));
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
