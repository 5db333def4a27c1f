#include "json_option.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "files/json_file.h"

namespace evenkeel::app {
namespace {

// The word after --json may have been meant for something else: a model or a run is not written over.
std::string why_no_place_for_json(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (file.empty() || file == "-" || !fs::exists(file, error)) return "";
  char first = '{';  // as in an empty file
  if (fs::is_regular_file(file, error)) std::ifstream(file).get(first);
  if (fs::is_regular_file(file, error) && (first == '{' || first == '[')) return "";
  return fmt::format("expected a new file or one of JSON, found {}", file);
}

}  // namespace

void JsonOption::add_to(CLI::App& command, const std::string& description) {
  option_ = command
                .add_option("--json", file_,
                            "Print JSON in the place of text, or write it to this file too" +
                                (description.empty() ? "" : ": " + description))
                ->type_name("[FILE]")
                ->expected(0, 1)
                ->check(why_no_place_for_json);
}

void JsonOption::write(const nlohmann::ordered_json& value) const {
  if (!asked_for()) return;
  if (replaces_text())
    fmt::print("{}", files::json_text(value));
  else
    files::write_json(file_, value);
}

}  // namespace evenkeel::app
