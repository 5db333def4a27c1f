#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "commands.h"
#include "data/data_set.h"
#include "process.h"
#include "progress_display.h"
#include "runs/comparison.h"
#include "runs/run_report.h"
#include "runs/train_run.h"
#include "training/config.h"

namespace evenkeel::app {
namespace train_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel train                                  the built-in digits, about a minute
  evenkeel train --data mnist:data/mnist --out runs/mnist
  evenkeel train --compare                        with and without batch norm, in one report
  evenkeel train --model resnet9 --data cifar10:data/cifar10 --width 16 --epochs 5
  evenkeel train --resume runs/mnist              go on after Ctrl-C, or after a crash

Norms: batch (Evenkeel's batch norm), torch (LibTorch's), none; group, layer and instance norm; renorm (batch
renormalization), ghost (batch norm of parts of 16 pictures), whiten (batch whitening, ZCA), detached (batch norm
outside the gradient, which fails where learning rates are high).

The run folder holds config.json, metrics.jsonl, summary.json, model.pt, report.html and checkpoint.pt.)";

struct Arguments {
  const CLI::App* command = nullptr;
  training::TrainConfig asked;  // counts where its option was given
  std::string model{name_of(models::Model::kDigits)};
  std::string norm{name_of(models::Norm::kBatch)};
  std::string schedule;
  bool no_augment = false;
  std::string out;
  std::string resume;
  bool compare = false;
};

std::vector<std::string> known_norms() {
  std::vector<std::string> names;
  for (const auto norm : models::all_norms()) names.emplace_back(name_of(norm));
  return names;
}

// Calls use(option, setting of one, setting of other) for each option that decides the result.
template <typename One, typename Other, typename Use>
void for_each_setting(One& one, Other& other, const Use& use) {
  use("--model", one.model, other.model);
  use("--width", one.width, other.width);
  use("--data", one.data, other.data);
  use("--norm", one.norm, other.norm);
  use("--epochs", one.epochs, other.epochs);
  use("--batch-size", one.batch_size, other.batch_size);
  use("--lr", one.learning_rate, other.learning_rate);
  use("--schedule", one.schedule, other.schedule);
  use("--no-augment", one.augment, other.augment);
  use("--seed", one.seed, other.seed);
  use("--limit-pictures", one.limit_pictures, other.limit_pictures);
  use("--limit-steps", one.limit_steps, other.limit_steps);
  use("--checkpoint-every", one.checkpoint_every, other.checkpoint_every);
  use("--threads", one.threads, other.threads);
}

// A setting as it is said on the command line.
template <typename Value>
std::string text_of(const Value& value) {
  if constexpr (std::is_enum_v<Value>)
    return std::string(name_of(value));
  else
    return fmt::format("{}", value);
}

// What the model is trained with by default, and what was asked for in its place.
training::TrainConfig config_of(const Arguments& arguments) {
  auto config = training::default_config(arguments.asked.model);
  config.threads = arguments.asked.threads;
  for_each_setting(arguments.asked, config, [&](const char* option, const auto& asked, auto& setting) {
    if (arguments.command->count(option) > 0) setting = asked;
  });
  for (const char* option : {"--width", "--no-augment"})
    if (arguments.command->count(option) > 0 && config.model != models::Model::kResNet9)
      throw std::runtime_error(fmt::format("{}: expected --model {} with it, found {}", option,
                                           name_of(models::Model::kResNet9), name_of(config.model)));
  return config;
}

// A resumed run ends as it would have ended: every option that was given has to be the recorded one.
void refuse_contradictions(const Arguments& arguments, const runs::Comparison& runs) {
  auto run = training::read_config(runs.folders.front().config());
  run.data = data::full_name(run.data);
  for_each_setting(arguments.asked, run, [&](const char* option, const auto& asked, const auto& recorded) {
    if (arguments.command->count(option) > 0 && asked != recorded)
      throw std::runtime_error(fmt::format("{}: expected {}, as the run was started with, found {}", option,
                                           text_of(recorded), text_of(asked)));
  });
  if (arguments.compare && runs.folders.size() == 1)
    throw std::runtime_error("--compare: expected none, as the run was started without, found it");
}

runs::Comparison start(const Arguments& arguments, const training::TrainConfig& config,
                       const data::DataSet& data) {
  const std::filesystem::path path =
      arguments.out.empty()
          ? runs::default_run_path(config.data, arguments.compare ? "compare" : arguments.norm)
          : std::filesystem::path(arguments.out);
  if (arguments.compare) return runs::start_comparison(path, config, data);
  return {path, {runs::start_run(path, config, data)}};
}

void say_result(const runs::Summary& summary, const runs::RunFolder& folder) {
  fmt::print("norm {}: test accuracy {:.2f} % after {} {} and {:.1f} s, in {}\n", summary.norm,
             100 * summary.test_accuracy, summary.epochs, summary.epochs == 1 ? "epoch" : "epochs",
             summary.seconds, folder.path.string());
}

int run(Arguments& arguments) {
  auto& asked = arguments.asked;
  asked.model = models::model_from_name(arguments.model);
  asked.norm = models::norm_from_name(arguments.norm);
  if (!arguments.schedule.empty()) asked.schedule = training::schedule_from_name(arguments.schedule);
  asked.augment = !arguments.no_augment;
  asked.data = data::full_name(asked.data);

  training::TrainConfig config;
  std::optional<runs::Comparison> runs;
  if (!arguments.resume.empty()) {
    runs = runs::open_runs(arguments.resume);
    refuse_contradictions(arguments, *runs);
    config = training::read_config(runs->folders.front().config());
    for (const auto& folder : runs->folders)
      if (const auto other = runs::other_writer(folder); !other.empty() && !folder.is_finished())
        fmt::print(stderr,
                   "evenkeel: {}: {}: it goes on, but may not end in the bits it would have ended in\n",
                   folder.path.string(), other);
    if (runs->is_finished()) {
      for (const auto& folder : runs->folders) say_result(runs::read_summary(folder.summary()), folder);
      fmt::print("the run is finished, there is nothing to resume: {}\n", runs->report().string());
      return 0;
    }
  }
  if (!runs) {
    config = config_of(arguments);
    training::check(config);
    if (arguments.compare) runs::check_comparison(config);
  }
  const auto data = data::open_data_set(config.data);
  if (!runs) runs = start(arguments, config, data);
  fmt::print(stderr, "run folder: {}\n", runs->path.string());

  catch_stop_signals();
  for (const auto& folder : runs->folders) {
    if (folder.is_finished()) continue;
    ProgressDisplay display(std::string(name_of(training::read_config(folder.config()).norm)));
    if (!runs::train_run(folder, data, display)) {
      fmt::print(stderr,
                 "evenkeel: stopped, the checkpoint is kept; go on with: evenkeel train --resume {}\n",
                 runs->path.string());
      return 128 + received_signal();
    }
  }
  runs::write_run_report(runs->report(), runs->folders);
  for (const auto& folder : runs->folders) say_result(runs::read_summary(folder.summary()), folder);
  fmt::print("report: {}\n", runs->report().string());
  return 0;
}

}  // namespace train_command

Command add_train(CLI::App& program) {
  auto arguments = std::make_shared<train_command::Arguments>();
  auto& config = arguments->asked;
  config.threads = available_cores();

  auto* command = program.add_subcommand("train", "Train a network, and leave everything in a run folder");
  arguments->command = command;
  command->footer(train_command::kExamples);
  auto* what = command->add_option_group("What to train");
  what->add_option("--model", arguments->model,
                   "digits (grey digits) or resnet9 (colour pictures of CIFAR-10)")
      ->check(CLI::IsMember({"digits", "resnet9"}))
      ->capture_default_str();
  what->add_option("--width", config.width, "Channels of resnet9's first layer, an eighth of the last one's")
      ->capture_default_str();
  what->add_option(
          "--data", config.data,
          "digits (built in), mnist:DIR with the four IDX files, plain or gzipped, or cifar10:DIR with "
          "the six binary files")
      ->capture_default_str();
  what->add_option("--norm", arguments->norm, "What stands behind each layer but the last")
      ->check(CLI::IsMember(train_command::known_norms()))
      ->capture_default_str();
  what->add_flag("--compare", arguments->compare,
                 "Train without batch norm too, and draw both in one report");
  auto* how = command->add_option_group("How");
  how->add_option("--epochs", config.epochs,
                  "Times to go through the training pictures (default: 10, resnet9: 24)");
  how->add_option("--batch-size", config.batch_size, "Pictures in a step (default: 64, resnet9: 512)");
  how->add_option("--lr", config.learning_rate, "Learning rate (default: Adam's 0.001, resnet9: SGD's 0.4)");
  how->add_option("--schedule", arguments->schedule,
                  "Of the learning rate: constant, peak (up to --lr at 5/24 of the run, then down to 0) or "
                  "doubling (every two epochs); default: constant, resnet9: peak")
      ->check(CLI::IsMember({"constant", "peak", "doubling"}));
  how->add_flag("--no-augment", arguments->no_augment,
                "Train resnet9 on the pictures as they are, not cropped, flipped and cut");
  how->add_option("--seed", config.seed,
                  "Decides the first weights, the order of the pictures and what is done to them")
      ->capture_default_str();
  how->add_option("--threads", config.threads, "Threads (default: the cores this process may use)");
  how->add_option("--limit-pictures", config.limit_pictures,
                  "Train on the first that many pictures alone; 0: on all")
      ->capture_default_str();
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
  return [arguments] { return train_command::run(*arguments); };
}

}  // namespace evenkeel::app
