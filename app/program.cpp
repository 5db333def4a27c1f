#include "program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "files/version.h"
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

constexpr const char* kExitCodes =
    "Exit code 0: done, and nothing was found; 1: what was looked at has something wrong; 2: wrong use, or "
    "something\n"
    "could not be read, written or done; 128 + signal: stopped by it.";

using Words = std::vector<std::string>;

// The words after --json=: those that follow a --json are no files for it.
Words with_json_printed(Words words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--json" && !words[i + 1].starts_with('-')) words[i] = "--json=-";
  return words;
}

void parse_words(CLI::App& program, Words words) {
  std::reverse(words.begin(), words.end());  // as the library wants them
  program.parse(std::move(words));
}

// The word after --json is a file where the command can do without it, and otherwise what the command is about.
void parse(CLI::App& program, const Words& words) try {
  parse_words(program, words);
} catch (const CLI::ParseError&) {
  const auto others = with_json_printed(words);
  if (others == words) throw;
  try {
    parse_words(program, others);
    return;
  } catch (const CLI::ParseError&) {  // then the first error is the one to tell
  }
  throw;
}

int say_version(DescribeEnvironment describe, bool verbose) {
  if (!verbose || describe == nullptr) {
    fmt::print("{}\n", text_of(files::versions()));
    return 0;
  }
  for (const auto& [name, value] : describe()) fmt::print("{:<26}{}\n", name, value);
  return 0;
}

}  // namespace

int run_program(int count, char** arguments, std::span<const AddCommand> commands,
                DescribeEnvironment describe) try {
  keep_freed_memory();

  CLI::App program(
      "Batch normalization: train a network, look after its statistics, inspect any model, put claims to the "
      "test, "
      "measure");
  program.name("evenkeel");
  program.footer(kExitCodes);
  bool version = false, verbose = false;
  auto* version_flag =
      program.add_flag("--version", version, "Say which version this is, and of which LibTorch");
  program.add_flag("--verbose", verbose, "With --version: all that a fault may depend on")
      ->needs(version_flag);
  std::vector<Command> added;
  for (const auto add : commands) added.push_back(add(program));
  for (auto* command : program.get_subcommands({}))
    command->footer(command->get_footer() + (command->get_footer().empty() ? "" : "\n\n") + kExitCodes);
  try {
    parse(program, Words(arguments + 1, arguments + count));
    if (version && program.get_subcommands().empty()) return say_version(describe, verbose);
    if (program.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
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
  return fail(2, error.what());
}

}  // namespace evenkeel::app
