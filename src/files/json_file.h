// Small JSON files of the run folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace evenkeel::files {

// Indented, atomically.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value);

// An object read from a file. Everything throws std::runtime_error with one line: the path, the key, what was
// expected and what was found.
class JsonFile {
 public:
  explicit JsonFile(std::filesystem::path path);

  bool has(const std::string& key) const { return value_.contains(key); }

  std::string text(const std::string& key) const;
  double number(const std::string& key) const;                            // null is NaN, as it is written
  std::int64_t integer(const std::string& key) const;                     // 0 or more
  std::vector<std::string> texts_or_empty(const std::string& key) const;  // empty when there is no such key
  std::uint64_t natural(const std::string& key) const;                    // all 64 bits
  bool boolean(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;  // a list, or one alone

 private:
  const nlohmann::json& at(const std::string& key) const;
  [[noreturn]] void fail(const std::string& key, const std::string& expected) const;

  std::filesystem::path path_;
  nlohmann::json value_;
};

}  // namespace evenkeel::files
