#include "program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "process.h"

namespace evenkeel::app {
namespace {

// LibTorch's messages go on with a backtrace; the first line is the message.
std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// Throws nothing: it is the last resort.
int fail(int code, std::string_view message) noexcept {
  const auto line = first_line(message);
  std::fprintf(stderr, "evenkeel: %.*s\n", static_cast<int>(line.size()), line.data());
  return code;
}

}  // namespace

int run_program(int count, char** arguments, std::span<const AddCommand> commands) try {
  keep_freed_memory();

  CLI::App program(
      "Batch normalization: train a network, look after its statistics, inspect any model, put claims to the "
      "test, "
      "measure");
  program.name("evenkeel");
  program.require_subcommand(1);
  std::vector<Command> added;
  for (const auto add : commands) added.push_back(add(program));
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return program.exit(error);  // --help
    return fail(2, fmt::format("{} (evenkeel --help says more)", first_line(error.what())));
  }
  const auto chosen = program.get_subcommands().front();
  const auto all = program.get_subcommands({});
  for (std::size_t i = 0; i < added.size(); ++i)
    if (all[i] == chosen) return added[i]();
  return 2;
} catch (const std::exception& error) {
  return fail(1, error.what());
}

}  // namespace evenkeel::app
