#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "commands.h"
#include "evenkeel/inspect.h"
#include "files/atomic_file.h"
#include "json_option.h"
#include "process.h"
#include "report/inspection_page.h"
#include "report/inspection_text.h"
#include "runs/inspection_with_data.h"
#include "runs/run_folder.h"

namespace evenkeel::app {
namespace inspect_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel inspect model.pt                            any PyTorch state dict, checkpoint, module or TorchScript file
  evenkeel inspect model.safetensors                   or safetensors; of several files their .index.json
  evenkeel inspect checkpoint.pt --entry ema           one of the models in it; without, all of them
  evenkeel inspect runs/mnist --data mnist:data        what the running statistics are worth on pictures
  evenkeel inspect model.pt --strict && echo healthy   for a check in CI
  evenkeel inspect model.pt --json | jq '.layers[].findings'
  evenkeel inspect model.pt --html model.html

Wrong are errors and, with --strict, warnings; what cannot be read of a layer is an error. Nothing in a file is
executed. docs/inspect.md says what is looked for.)";

struct Arguments {
  std::string file;
  std::string data;
  std::string html;
  int threads = available_cores();
  InspectOptions options;
  JsonOption json;
  bool strict = false;
};

// A run that is not finished has its network in the checkpoint.
std::filesystem::path file_of(const std::filesystem::path& given) {
  if (!std::filesystem::is_directory(given)) return given;
  const auto folder = runs::open_run_folder(given);
  return std::filesystem::exists(folder.model()) ? folder.model() : folder.checkpoint();
}

int run(const Arguments& arguments) {
  const auto file = file_of(arguments.file);
  auto inspection = inspect(file, arguments.options);
  if (!arguments.data.empty())
    runs::add_data(inspection, file, arguments.file, arguments.data, arguments.threads);
  if (!arguments.json.replaces_text()) fmt::print("{}", report::inspection_text(inspection));
  std::fflush(stdout);
  arguments.json.write(report::inspection_json(inspection));
  if (!arguments.html.empty())
    files::write_file_atomically(arguments.html, report::inspection_page(inspection));
  const auto wrong =
      inspection.count(Severity::kError) + (arguments.strict ? inspection.count(Severity::kWarning) : 0);
  return wrong == 0 ? 0 : 1;
}

}  // namespace inspect_command

Command add_inspect(CLI::App& program) {
  auto arguments = std::make_shared<inspect_command::Arguments>();
  auto* command =
      program.add_subcommand("inspect", "Look for what is wrong with the batch norms of any PyTorch model");
  command->footer(inspect_command::kExamples);
  command
      ->add_option("FILE", arguments->file,
                   "A file of torch.save, TorchScript or safetensors, an .index.json, or the folder of a run")
      ->required();
  command->add_option("--data", arguments->data,
                      "Compare with pictures, for the network of a run: digits, mnist:DIR or cifar10:DIR");
  command->add_option("--html", arguments->html,
                      "Write a page with a strip of colour per layer to this file");
  command->add_option("--threads", arguments->threads, "Threads (default: the cores this process may use)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--entry", arguments->options.entry,
                      "The only entry of a checkpoint to look at: model, ema.module (default: all)");
  command->add_option("--eps", arguments->options.eps,
                      "Of all layers, whatever the file says (a state dict says nothing; default: 1e-5)");
  command->add_option("--momentum", arguments->options.momentum,
                      "The same; weighs the new value, 0 is the plain average (default: 0.1)");
  arguments->json.add_to(*command);
  command->add_flag("--strict", arguments->strict, "Exit code 1 for warnings too");
  return [arguments] { return inspect_command::run(*arguments); };
}

}  // namespace evenkeel::app
