#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "commands.h"
#include "data/data_set.h"
#include "lab/laboratory.h"
#include "lab/measure.h"
#include "lab_display.h"
#include "process.h"
#include "terminal.h"

namespace evenkeel::app {
namespace lab_command {

using namespace lab;

constexpr const char* kExamples = R"(Examples:
  evenkeel lab list                               every claim, and how long it takes
  evenkeel lab run all --quick                    one seed of each, on the built-in digits
  evenkeel lab run all --data mnist:data/mnist    three seeds of each
  evenkeel lab run higher-learning-rates whitening-costs-more --seeds 5

DIR/index.html shows what came of it, DIR/NAME/result.json has every figure. A run that was stopped goes on when the same command is
given again: seeds that were measured are kept.)";

struct Arguments {
  const CLI::App* list = nullptr;
  std::vector<std::string> names;
  bool quick = false;
  bool full = false;
  std::uint64_t seeds = 0;
  std::vector<std::string> data;
  std::string out;
  int jobs = available_cores();

  Effort effort() const { return quick ? Effort::kQuick : full ? Effort::kFull : Effort::kStandard; }
};

int list_claims() {
  for (const auto& claim : claims())
    fmt::print("{:>2}  {:<36} {:>11}  {}\n", claim.number, claim.name, duration(claim.seconds), claim.title);
  fmt::print("\nThe time is that of one seed on one core; --quick takes about a third of it.\n");
  return 0;
}

LabSettings settings(const Arguments& arguments) {
  LabSettings settings;
  settings.effort = arguments.effort();
  for (const auto& asked : arguments.data) {
    const auto name = data::full_name(asked);
    (name.starts_with("cifar10") ? settings.colour : settings.digits) = name;
  }
  return settings;
}

std::vector<const Claim*> chosen(const std::vector<std::string>& names) {
  std::vector<const Claim*> found;
  if (std::find(names.begin(), names.end(), "all") != names.end()) {
    for (const auto& claim : claims()) found.push_back(&claim);
    return found;
  }
  for (const auto& name : names) {
    const auto* claim = &claim_named(name);
    if (std::find(found.begin(), found.end(), claim) == found.end()) found.push_back(claim);
  }
  return found;
}

std::uint64_t seeds(const Arguments& arguments) {
  if (arguments.seeds > 0) return arguments.seeds;
  return arguments.quick ? 1 : arguments.full ? 5 : 3;
}

int run(const Arguments& arguments) {
  if (arguments.list->parsed()) return list_claims();
  auto wanted = chosen(arguments.names);
  const auto asked = settings(arguments);
  const std::filesystem::path path =
      arguments.out.empty() ? fmt::format("runs/lab-{}-{}", asked.digits.substr(0, asked.digits.find(':')),
                                          name_of(asked.effort))
                            : arguments.out;
  const LabFolder folder(path, asked);
  std::erase_if(wanted, [&](const Claim* claim) {
    if (!folder.settings().data_of(*claim).empty()) return false;
    fmt::print(stderr, "evenkeel: {} is left out: it needs colour pictures, --data cifar10:DIR\n",
               claim->name);
    return true;
  });

  catch_stop_signals();
  LabDisplay display;
  const auto outcome = run_laboratory(folder, wanted, seeds(arguments),
                                      static_cast<std::size_t>(arguments.jobs), measure, display);
  if (outcome == LabOutcome::kStopped) {
    fmt::print(stderr,
               "\nevenkeel: stopped; give the same command again to go on, what was measured is kept in {}\n",
               path.string());
    return 128 + received_signal();
  }
  fmt::print("page: {}\n", folder.index().string());
  return outcome == LabOutcome::kDone ? 0 : 2;
}

}  // namespace lab_command

Command add_lab(CLI::App& program) {
  auto arguments = std::make_shared<lab_command::Arguments>();
  auto* command = program.add_subcommand(
      "lab", "Put the claims about batch normalization to the test, one experiment each");
  command->footer(lab_command::kExamples);
  command->require_subcommand(1);
  arguments->list = command->add_subcommand("list", "Every claim: its name, the time it takes, what it says");
  auto* experiments = command->add_subcommand("run", "Measure claims, judge them, and draw a page");
  experiments->footer(lab_command::kExamples);
  experiments->add_option("NAME", arguments->names, "Claims by name, or all")->required();
  auto* how = experiments->add_option_group("How");
  auto* quick = how->add_flag("--quick", arguments->quick, "Fewer steps, one seed");
  how->add_flag("--full", arguments->full, "More steps, five seeds")->excludes(quick);
  how->add_option("--seeds", arguments->seeds, "Seeds of each claim (default: 3)")
      ->check(CLI::Range(1, 1000));
  how->add_option(
      "--data", arguments->data,
      "digits (built in, the default) or mnist:DIR; and cifar10:DIR for the claims about colour pictures");
  how->add_option("--jobs", arguments->jobs,
                  "Seeds to measure at the same time (default: the cores this process may use)")
      ->check(CLI::Range(1, 4096));
  experiments->add_option_group("Where")->add_option(
      "--out", arguments->out, "The folder, new or to go on with (default: runs/lab-DATA-EFFORT)");
  return [arguments] { return lab_command::run(*arguments); };
}

}  // namespace evenkeel::app
