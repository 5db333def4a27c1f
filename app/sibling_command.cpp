#include "sibling_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace evenkeel::app {

Command add_sibling(CLI::App& program, const std::string& name, const std::string& description) {
  auto* command = program.add_subcommand(name, description);
  command->set_help_flag();
  command->prefix_command();
  return [command, name]() -> int {
    std::error_code no_proc;
    const auto path =
        std::filesystem::read_symlink("/proc/self/exe", no_proc).replace_filename("evenkeel-" + name);
    std::vector<std::string> words{"evenkeel", name};
    for (const auto& word : command->remaining()) words.push_back(word);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(path.c_str(), arguments.data());
    throw std::runtime_error(
        fmt::format("{}: cannot start {}: {}", name, path.string(), std::generic_category().message(errno)));
  };
}

}  // namespace evenkeel::app
