// What is wrong with a file, in one line that begins with its path.
#pragma once

#include <algorithm>
#include <cctype>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace evenkeel::files {

class FileError : public std::runtime_error {
 public:
  FileError(const std::filesystem::path& path, const std::exception& error)
      : std::runtime_error(path.string() + ": " + one_line(error.what())) {}

 private:
  // Names in a hostile file may hold line ends and a terminal's commands, and LibTorch's messages go on with a backtrace.
  static std::string one_line(std::string text) {
    text = text.substr(0, text.find('\n'));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, '?');
    return text;
  }
};

// "cannot lock PATH: No such file or directory", from errno.
[[noreturn]] inline void fail_to(const char* action, const std::filesystem::path& path, int error) {
  throw std::runtime_error(std::string("cannot ") + action + " " + path.string() + ": " +
                           std::generic_category().message(error));
}

[[noreturn]] inline void fail_to_write(const std::filesystem::path& path, int error) {
  fail_to("write", path, error);
}

}  // namespace evenkeel::files
