#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "commands.h"
#include "data/data_set.h"
#include "json_option.h"
#include "process.h"
#include "runs/comparison.h"
#include "runs/evaluate_run.h"
#include "training/config.h"

namespace evenkeel::app {
namespace evaluate_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel evaluate runs/mnist
  evenkeel evaluate runs/mnist --data digits
  evenkeel evaluate runs/mnist --model runs/mnist/calibrated.pt
  evenkeel evaluate runs/mnist --json)";

struct Arguments {
  std::string run;
  std::string data;
  std::string model;
  int threads = available_cores();
  JsonOption json;
};

void print_table(const data::DataSet& data, const training::Evaluation& result) {
  fmt::print("{}: {:.2f} % right, {} of {} wrong\n\n", data.name, 100 * result.accuracy(),
             result.mistakes.size(), result.count);
  fmt::print("{:>9}", "predicted");
  for (int predicted = 0; predicted < models::kClasses; ++predicted) fmt::print("{:>6}", predicted);
  fmt::print("\n");
  for (std::size_t label = 0; label < result.confusion.size(); ++label) {
    fmt::print("{:>7} {}", label == 0 ? "true" : "", label);
    for (const auto count : result.confusion[label])
      fmt::print("{:>6}", count == 0 ? "." : fmt::to_string(count));
    fmt::print("{}\n", data.class_names.empty() ? "" : "  " + data.class_names.at(label));
  }
}

nlohmann::ordered_json to_json(const data::DataSet& data, const training::Evaluation& result) {
  nlohmann::ordered_json json{{"data", data.name},
                              {"test_accuracy", result.accuracy()},
                              {"test_errors", result.mistakes.size()},
                              {"test_count", result.count},
                              {"confusion", result.confusion}};
  if (!data.class_names.empty()) json["classes"] = data.class_names;
  return json;
}

int run(const Arguments& arguments) {
  const auto folder = runs::open_single_run(arguments.run);
  const auto data = data::open_data_set(arguments.data.empty() ? training::read_config(folder.config()).data
                                                               : arguments.data);
  const auto model = arguments.model.empty() ? folder.model() : std::filesystem::path(arguments.model);
  const auto result = runs::evaluate_run(folder, model, data, arguments.threads);
  if (!arguments.json.replaces_text()) print_table(data, result);
  arguments.json.write(to_json(data, result));
  return 0;
}

}  // namespace evaluate_command

Command add_evaluate(CLI::App& program) {
  auto arguments = std::make_shared<evaluate_command::Arguments>();
  auto* command =
      program.add_subcommand("evaluate", "Test the model of a run: accuracy and confusion matrix");
  command->footer(evaluate_command::kExamples);
  command->add_option("RUN", arguments->run, "The folder of a finished run")->required();
  command->add_option("--data", arguments->data,
                      "Other pictures than the run's: digits, mnist:DIR or cifar10:DIR");
  command->add_option("--model", arguments->model,
                      "Another model than the run's, as calibrate and fold write it");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  arguments->json.add_to(*command, "confusion[label][predicted]");
  return [arguments] { return evaluate_command::run(*arguments); };
}

}  // namespace evenkeel::app
