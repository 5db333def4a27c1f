// --json [FILE], alike in every command.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace evenkeel::app {

// Alone, JSON takes the place of what the command prints; with a file it is written there as well.
class JsonOption {
 public:
  void add_to(CLI::App& command, const std::string& description = "");

  bool replaces_text() const { return asked_for() && (file_.empty() || file_ == "-"); }

  // Where it was asked to; nothing if it was not.
  void write(const nlohmann::ordered_json& value) const;

 private:
  bool asked_for() const { return option_ != nullptr && option_->count() > 0; }

  CLI::Option* option_ = nullptr;
  std::string file_;
};

}  // namespace evenkeel::app
