// JSON as this program writes and reads it: small files, and what commands say with --json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "files/version.h"

namespace evenkeel::files {

// Of the keys in a file and what they mean: counts up when one is renamed, is gone or means something else.
inline constexpr int kJsonSchema = 1;

// An object as text, indented, with a line end. The keys "schema_version", "evenkeel" and "libtorch", who wrote it, stand before the
// object's own. Numbers that are not finite are the words "nan", "inf" and "-inf", at any depth; bytes that are no UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& value);

// json_text, atomically.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value);

nlohmann::ordered_json number_to_json(double value);
double number_from_json(
    const nlohmann::ordered_json& json);  // null is NaN; throws nlohmann::json::exception for no number

// An object read from a file. Everything throws std::runtime_error with one line: the path, the key, what was
// expected and what was found.
class JsonFile {
 public:
  explicit JsonFile(std::filesystem::path path);

  bool has(const std::string& key) const { return value_.contains(key); }

  std::string text(const std::string& key) const;
  double number(const std::string& key) const;                            // one that is not finite too
  std::int64_t integer(const std::string& key) const;                     // 0 or more
  std::vector<std::string> texts_or_empty(const std::string& key) const;  // empty when there is no such key
  std::uint64_t natural(const std::string& key) const;                    // all 64 bits
  bool boolean(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;  // a list, or one alone
  std::optional<Versions> written_by() const;                 // nothing where the file does not say it

 private:
  const nlohmann::json& at(const std::string& key) const;
  [[noreturn]] void fail(const std::string& key, const std::string& expected) const;

  std::filesystem::path path_;
  nlohmann::json value_;
};

}  // namespace evenkeel::files
