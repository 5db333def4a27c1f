#include "files/regular_file.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace evenkeel::files {

void check_regular_file(const std::filesystem::path& path) {
  using std::filesystem::file_type;
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == file_type::regular) return;
  std::string found = "something that is not a regular file";
  if (type == file_type::not_found) found = "nothing of that name";
  if (type == file_type::directory) found = "a folder";
  if (type == file_type::none) found = error.message();
  throw std::runtime_error(fmt::format("{}: expected a file, found {}", path.string(), found));
}

}  // namespace evenkeel::files
