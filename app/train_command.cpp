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
#include "training/setting_list.h"

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
  std::string out;
  std::string resume;
  bool compare = false;
};

// A setting as it is said on the command line.
template <typename Value>
std::string text_of(const Value& value) {
  if constexpr (std::is_enum_v<Value>)
    return std::string(name_of(value));
  else
    return fmt::format("{}", value);
}

// Whether the option of a setting was given.
bool given(const Arguments& arguments, const training::Setting& setting) {
  return !setting.option.empty() && arguments.command->count(std::string(setting.option)) > 0;
}

// What the model is trained with by default, and what was asked for in its place.
training::TrainConfig config_of(const Arguments& arguments) {
  auto config = training::default_config(arguments.asked.model);
  config.threads = arguments.asked.threads;
  training::for_each_setting([&](const training::Setting& setting, auto member) {
    if (given(arguments, setting)) config.*member = arguments.asked.*member;
  });
  training::for_each_setting([&](const training::Setting& setting, auto) {
    if (setting.resnet9_alone && given(arguments, setting) && config.model != models::Model::kResNet9)
      throw std::runtime_error(fmt::format("{}: expected --model {} with it, found {}", setting.option,
                                           name_of(models::Model::kResNet9), name_of(config.model)));
  });
  return config;
}

// A resumed run ends as it would have ended: every option that was given has to be the recorded one.
void refuse_contradictions(const Arguments& arguments, const runs::Comparison& runs) {
  auto run = training::read_config(runs.folders.front().config());
  run.data = data::full_name(run.data);
  training::for_each_setting([&](const training::Setting& setting, auto member) {
    if constexpr (!std::is_same_v<decltype(member), data::PixelScale training::TrainConfig::*>)
      if (given(arguments, setting) && arguments.asked.*member != run.*member)
        throw std::runtime_error(fmt::format("{}: expected {}, as the run was started with, found {}",
                                             setting.option, text_of(run.*member),
                                             text_of(arguments.asked.*member)));
  });
  if (arguments.compare && runs.folders.size() == 1)
    throw std::runtime_error("--compare: expected none, as the run was started without, found it");
}

runs::Comparison start(const Arguments& arguments, const training::TrainConfig& config,
                       const data::DataSet& data) {
  const std::filesystem::path path =
      arguments.out.empty()
          ? runs::default_run_path(config.data,
                                   arguments.compare ? "compare" : std::string(name_of(arguments.asked.norm)))
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

// The words that a choice has, and the one for a word.
std::vector<std::string> words_of(models::Model) { return {"digits", "resnet9"}; }
std::vector<std::string> words_of(models::Norm) {
  std::vector<std::string> names;
  for (const auto norm : models::all_norms()) names.emplace_back(name_of(norm));
  return names;
}
std::vector<std::string> words_of(training::Schedule) { return {"constant", "peak", "doubling"}; }
void set_to(models::Model& value, const std::string& word) { value = models::model_from_name(word); }
void set_to(models::Norm& value, const std::string& word) { value = models::norm_from_name(word); }
void set_to(training::Schedule& value, const std::string& word) {
  value = training::schedule_from_name(word);
}

// The option of a setting.
template <typename Value>
void add_option(CLI::Option_group& group, const training::Setting& setting, Value& value) {
  const std::string name(setting.option), help(setting.help);
  CLI::Option* option = nullptr;
  if constexpr (std::is_enum_v<Value>) {
    option = group
                 .add_option_function<std::string>(
                     name, [&value](const std::string& word) { set_to(value, word); }, help)
                 ->check(CLI::IsMember(words_of(value)));
    if (setting.default_in_help) option->default_str(std::string(name_of(value)));
  } else if constexpr (std::is_same_v<Value, bool>) {
    group.add_flag_function(
        name, [&value](std::int64_t) { value = false; }, help);  // there are none but --no-...
  } else {
    option = group.add_option(name, value, help);
    if (setting.default_in_help) option->capture_default_str();
  }
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
  auto* how = command->add_option_group("How");
  auto* where = command->add_option_group("Where");
  auto* out = where->add_option("--out", arguments->out,
                                "The run folder, new or empty (default: runs/DATE-TIME-DATA-NORM)");
  training::for_each_setting([&](const training::Setting& setting, auto member) {
    using Value = std::remove_reference_t<decltype(config.*member)>;
    if constexpr (!std::is_same_v<Value, data::PixelScale> &&
                  !std::is_same_v<Value, training::OptimiserKind>) {
      using enum training::Setting::Group;
      if (setting.group != kNone)
        train_command::add_option(setting.group == kWhat  ? *what
                                  : setting.group == kHow ? *how
                                                          : *where,
                                  setting, config.*member);
    }
  });
  what->add_flag("--compare", arguments->compare,
                 "Train without batch norm too, and draw both in one report");
  where->add_option("--resume", arguments->resume, "Go on with the interrupted run in this folder")
      ->excludes(out);
  return [arguments] { return train_command::run(*arguments); };
}

}  // namespace evenkeel::app
