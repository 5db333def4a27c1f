#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.h"
#include "json_option.h"
#include "process.h"
#include "runs/calibration.h"
#include "runs/comparison.h"
#include "runs/run_folder.h"
#include "training/config.h"

namespace evenkeel::app {
namespace calibrate_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel calibrate runs/mnist                       exact statistics of all training pictures
  evenkeel calibrate runs/mnist --batches 20          of 20 batches of 250
  evenkeel calibrate runs/mnist --data mnist:other    of pictures from another domain; needs no labels
  evenkeel evaluate runs/mnist --model runs/mnist/calibrated.pt

The run itself stays as it is: the network with its new statistics goes into a file of its own.)";

struct Arguments {
  std::string run;
  std::string data;
  std::string out;
  runs::CalibrationSettings settings;
  int threads = available_cores();
  JsonOption json;
};

void show_progress(std::int64_t done, std::int64_t all) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal) return;
  fmt::print(stderr, "\r\033[K");
  if (done < all) fmt::print(stderr, "batch {} of {}", done, all);
  std::fflush(stderr);
}

// Whether the accuracy has changed more than it would by chance.
std::string verdict(const runs::Calibration& result) {
  const double points = 100 * result.gain(), noise = 100 * result.noise();
  if (result.before.mistakes.size() == result.after.mistakes.size()) return "no difference";
  return fmt::format("the difference, {:+.2f} points, is {} the noise of {} pictures, ±{:.2f}", points,
                     std::abs(points) > noise ? "more than" : "within", result.before.count, noise);
}

void print_table(const runs::Calibration& result, const std::string& data, const std::string& out) {
  fmt::print("statistics of {} pictures of {} in {} batches\n\n", result.pictures, data, result.batches);
  fmt::print("{:<16}{:>9}{:>13}{:>16}\n", "layer", "channels", "mean moved", "variance ratio");
  for (const auto& layer : result.layers) {
    fmt::print("{:<16}{:>9}{:>8.3f} std{:>16.3f}\n", layer.name, layer.channels, layer.mean_shift,
               layer.variance_ratio);
  }
  fmt::print("\ntest accuracy before {:.2f} %, after {:.2f} %\n{}\nmodel: {}\n",
             100 * result.before.accuracy(), 100 * result.after.accuracy(), verdict(result), out);
}

nlohmann::ordered_json to_json(const runs::Calibration& result, const std::string& data,
                               const std::string& out) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const auto& layer : result.layers) {
    layers.push_back({{"name", layer.name},
                      {"channels", layer.channels},
                      {"mean_shift_rms", layer.mean_shift},
                      {"variance_ratio_rms", layer.variance_ratio}});
  }
  return {{"data", data},
          {"pictures", result.pictures},
          {"batches", result.batches},
          {"layers", layers},
          {"test_accuracy_before", result.before.accuracy()},
          {"test_accuracy_after", result.after.accuracy()},
          {"noise", result.noise()},
          {"model", out}};
}

int run(const Arguments& arguments) {
  const auto folder = runs::open_single_run(arguments.run);
  const std::string out = arguments.out.empty() ? (folder.path / "calibrated.pt").string() : arguments.out;
  runs::check_not_of_a_run(out);
  const auto data = arguments.data.empty() ? training::read_config(folder.config()).data : arguments.data;
  const auto result =
      runs::calibrate_run(folder, data, out, arguments.settings, arguments.threads, show_progress);
  if (!arguments.json.replaces_text()) print_table(result, data, out);
  arguments.json.write(to_json(result, data, out));
  return 0;
}

}  // namespace calibrate_command

Command add_calibrate(CLI::App& program) {
  auto arguments = std::make_shared<calibrate_command::Arguments>();
  auto& settings = arguments->settings;
  auto* command = program.add_subcommand(
      "calibrate", "Replace a run's moving averages by the exact statistics of its training pictures");
  command->footer(calibrate_command::kExamples);
  command->add_option("RUN", arguments->run, "The folder of a finished run")->required();
  command->add_option("--data", arguments->data,
                      "Other pictures than the run's: digits, mnist:DIR or cifar10:DIR");
  command->add_option("--batches", settings.batches, "How many batches to use; 0: all pictures")
      ->capture_default_str();
  command
      ->add_option("--batch-size", settings.batch_size,
                   "Pictures in a batch; the result does not depend on it")
      ->capture_default_str();
  command->add_flag("--one-pass", settings.one_pass,
                    "Faster and less exact: deeper layers see the batches as they are cut");
  command->add_option("--out", arguments->out, "The file for the network (default: RUN/calibrated.pt)");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  arguments->json.add_to(*command);
  return [arguments] { return calibrate_command::run(*arguments); };
}

}  // namespace evenkeel::app
