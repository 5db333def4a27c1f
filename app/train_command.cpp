#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "commands.h"
#include "data_name.h"
#include "process.h"
#include "progress_display.h"
#include "training/comparison.h"
#include "training/config.h"
#include "training/data/data_set.h"
#include "training/run_report.h"
#include "training/trainer.h"

namespace evenkeel::app {
namespace {

using namespace training;

constexpr const char* kExamples = R"(Examples:
  evenkeel train                                  the built-in digits, about a minute
  evenkeel train --data mnist:data/mnist --out runs/mnist
  evenkeel train --compare                        with and without batch norm, in one report
  evenkeel train --resume runs/mnist              go on after Ctrl-C, or after a crash

Norms: batch (Evenkeel's batch norm), torch (LibTorch's), none; group, layer and instance norm; renorm (batch
renormalization), ghost (batch norm of parts of 16 pictures), whiten (batch whitening, ZCA), detached (batch norm
outside the gradient, which fails where learning rates are high).

The run folder holds config.json, metrics.jsonl, summary.json, model.pt, report.html and checkpoint.pt.)";

struct Arguments {
  const CLI::App* command = nullptr;
  TrainConfig config;
  std::string norm = "batch";
  std::string out;
  std::string resume;
  bool compare = false;
};

std::vector<std::string> known_norms() {
  std::vector<std::string> names;
  for (const auto norm : all_norms()) names.emplace_back(name_of(norm));
  return names;
}

template <typename Value>
void refuse_other(const CLI::App& command, const char* flag, const Value& asked, const Value& recorded) {
  if (command.count(flag) > 0 && asked != recorded)
    throw std::runtime_error(
        fmt::format("{}: expected {}, as the run was started with, found {}", flag, recorded, asked));
}

// A resumed run ends as it would have ended: every option that was given has to be the recorded one.
void refuse_contradictions(const Arguments& arguments, const Comparison& runs) {
  const auto recorded = read_config(runs.folders.front().config());
  const auto& asked = arguments.config;
  const auto& command = *arguments.command;
  refuse_other(command, "--data", asked.data, recorded.data);
  refuse_other(command, "--norm", arguments.norm, std::string(name_of(recorded.norm)));
  refuse_other(command, "--epochs", asked.epochs, recorded.epochs);
  refuse_other(command, "--batch-size", asked.batch_size, recorded.batch_size);
  refuse_other(command, "--lr", asked.learning_rate, recorded.learning_rate);
  refuse_other(command, "--seed", asked.seed, recorded.seed);
  refuse_other(command, "--limit-steps", asked.limit_steps, recorded.limit_steps);
  refuse_other(command, "--checkpoint-every", asked.checkpoint_every, recorded.checkpoint_every);
  refuse_other(command, "--threads", asked.threads, recorded.threads);
  if (arguments.compare && runs.folders.size() == 1)
    throw std::runtime_error("--compare: expected none, as the run was started without, found it");
}

Comparison start(const Arguments& arguments, const DataSet& data) {
  const std::filesystem::path path =
      arguments.out.empty()
          ? default_run_path(arguments.config.data, arguments.compare ? "compare" : arguments.norm)
          : std::filesystem::path(arguments.out);
  if (arguments.compare) return start_comparison(path, arguments.config, data);
  return {path, {start_run(path, arguments.config, data)}};
}

void say_result(const Summary& summary, const RunFolder& folder) {
  fmt::print("norm {}: test accuracy {:.2f} % after {} {} and {:.1f} s, in {}\n", summary.norm,
             100 * summary.test_accuracy, summary.epochs, summary.epochs == 1 ? "epoch" : "epochs",
             summary.seconds, folder.path.string());
}

int run(Arguments& arguments) {
  arguments.config.norm = norm_from_name(arguments.norm);
  arguments.config.data = absolute_data(arguments.config.data);
  check(arguments.config);
  if (arguments.compare) check_comparison(arguments.config);

  std::optional<Comparison> runs;
  if (!arguments.resume.empty()) {
    runs = open_runs(arguments.resume);
    refuse_contradictions(arguments, *runs);
    arguments.config.data = read_config(runs->folders.front().config()).data;
    if (runs->is_finished()) {
      for (const auto& folder : runs->folders) say_result(read_summary(folder.summary()), folder);
      fmt::print("the run is finished, there is nothing to resume: {}\n", runs->report().string());
      return 0;
    }
  }
  const auto data = open_data_set(arguments.config.data);
  if (!runs) runs = start(arguments, data);
  fmt::print(stderr, "run folder: {}\n", runs->path.string());

  catch_stop_signals();
  for (const auto& folder : runs->folders) {
    if (folder.is_finished()) continue;
    ProgressDisplay display(std::string(name_of(read_config(folder.config()).norm)));
    if (!train(folder, data, display)) {
      fmt::print(stderr,
                 "evenkeel: stopped, the checkpoint is kept; go on with: evenkeel train --resume {}\n",
                 runs->path.string());
      return 128 + received_signal();
    }
  }
  write_run_report(runs->report(), runs->folders, data);
  for (const auto& folder : runs->folders) say_result(read_summary(folder.summary()), folder);
  fmt::print("report: {}\n", runs->report().string());
  return 0;
}

}  // namespace

Command add_train(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  auto& config = arguments->config;
  config.threads = available_cores();

  auto* command =
      program.add_subcommand("train", "Train the digit network, and leave everything in a run folder");
  arguments->command = command;
  command->footer(kExamples);
  auto* what = command->add_option_group("What to train");
  what->add_option("--data", config.data,
                   "digits (built in), or mnist:DIR with the four IDX files, plain or gzipped")
      ->capture_default_str();
  what->add_option("--norm", arguments->norm, "What stands behind each layer but the last")
      ->check(CLI::IsMember(known_norms()))
      ->capture_default_str();
  what->add_flag("--compare", arguments->compare,
                 "Train without batch norm too, and draw both in one report");
  auto* how = command->add_option_group("How");
  how->add_option("--epochs", config.epochs, "Times to go through the training pictures")
      ->capture_default_str();
  how->add_option("--batch-size", config.batch_size, "Pictures in a step")->capture_default_str();
  how->add_option("--lr", config.learning_rate, "Adam's learning rate")->capture_default_str();
  how->add_option("--seed", config.seed, "Decides the first weights and the order of the pictures")
      ->capture_default_str();
  how->add_option("--threads", config.threads, "Threads (default: the cores this process may use)");
  how->add_option("--limit-steps", config.limit_steps, "Stop after that many steps; 0: no limit")
      ->capture_default_str();
  auto* where = command->add_option_group("Where");
  auto* out = where->add_option("--out", arguments->out,
                                "The run folder, new or empty (default: runs/DATE-TIME-DATA-NORM)");
  where
      ->add_option("--checkpoint-every", config.checkpoint_every,
                   "Steps between checkpoints; there is one after each epoch too")
      ->capture_default_str();
  where->add_option("--resume", arguments->resume, "Go on with the interrupted run in this folder")
      ->excludes(out);
  return [arguments] { return run(*arguments); };
}

}  // namespace evenkeel::app
