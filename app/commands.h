// The subcommands. Each adds itself to the program; what it returns runs it and gives the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace evenkeel::app {

using Command = std::function<int()>;

Command add_train(CLI::App& program);
Command add_evaluate(CLI::App& program);
Command add_report(CLI::App& program);
Command add_calibrate(CLI::App& program);
Command add_fold(CLI::App& program);
Command add_inspect(CLI::App& program);
Command add_lab(CLI::App& program);
Command add_bench(CLI::App& program);

}  // namespace evenkeel::app
