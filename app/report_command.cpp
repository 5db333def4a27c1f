#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "commands.h"
#include "runs/comparison.h"
#include "runs/run_folder.h"
#include "runs/run_report.h"

namespace evenkeel::app {
namespace report_command {

constexpr const char* kExamples = R"(Examples:
  evenkeel report runs/mnist                                RUN/report.html, once more
  evenkeel report runs/batch runs/group runs/none -o three.html

The page is drawn from what the runs left in their folders: nothing is trained or tested. A run that is not finished is
shown as it was when it was last tested.)";

struct Arguments {
  std::vector<std::string> runs;
  std::string out;
};

int run(const Arguments& arguments) {
  std::vector<runs::RunFolder> folders;
  std::filesystem::path page = arguments.out;
  for (const auto& path : arguments.runs) {
    const auto found = runs::open_runs(path);
    folders.insert(folders.end(), found.folders.begin(), found.folders.end());
    if (page.empty() && arguments.runs.size() == 1) page = found.report();
  }
  if (page.empty())
    throw std::runtime_error("--out: expected a file for the page of several runs, found none");
  if (!arguments.out.empty()) runs::check_not_of_a_run(page);
  runs::write_run_report(page, folders);
  fmt::print("report: {}\n", page.string());
  return 0;
}

}  // namespace report_command

Command add_report(CLI::App& program) {
  auto arguments = std::make_shared<report_command::Arguments>();
  auto* command = program.add_subcommand("report", "Draw the page of a run, or of several beside each other");
  command->footer(report_command::kExamples);
  command->add_option("RUN", arguments->runs, "The folders of one to eight runs; the first is the main one")
      ->required();
  command->add_option("-o,--out", arguments->out,
                      "The page (default: RUN/report.html); needed for several runs");
  return [arguments] { return report_command::run(*arguments); };
}

}  // namespace evenkeel::app
