#include "files/json_file.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <utility>

#include "files/atomic_file.h"

namespace evenkeel::files {
namespace {

void spell_out_what_is_not_finite(nlohmann::ordered_json& value) {
  if (value.is_number_float())
    value = number_to_json(value.get<double>());
  else if (value.is_structured())
    for (auto& item : value) spell_out_what_is_not_finite(item);
}

}  // namespace

nlohmann::ordered_json number_to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_from_json(const nlohmann::ordered_json& json) {
  if (json.is_null() || json == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (json == "inf") return std::numeric_limits<double>::infinity();
  if (json == "-inf") return -std::numeric_limits<double>::infinity();
  return json.get<double>();
}

std::string json_text(const nlohmann::ordered_json& value) {
  nlohmann::ordered_json whole{
      {"schema_version", kJsonSchema}, {"evenkeel", versions().evenkeel}, {"libtorch", versions().libtorch}};
  whole.update(value);
  spell_out_what_is_not_finite(whole);
  return whole.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& value) {
  write_file_atomically(path, json_text(value));
}

JsonFile::JsonFile(std::filesystem::path path) : path_(std::move(path)) {
  std::ifstream file(path_);
  if (!file)
    throw std::runtime_error(fmt::format("{}: expected a file that can be read, found none", path_.string()));
  value_ = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!value_.is_object())
    throw std::runtime_error(fmt::format("{}: expected a JSON object, found something else", path_.string()));
}

std::string JsonFile::text(const std::string& key) const {
  if (!at(key).is_string()) fail(key, "text");
  return at(key).get<std::string>();
}

double JsonFile::number(const std::string& key) const {
  try {
    return number_from_json(at(key));
  } catch (const nlohmann::json::exception&) {
    fail(key, "a number");
  }
}

std::uint64_t JsonFile::natural(const std::string& key) const {
  if (!at(key).is_number_unsigned()) fail(key, "an integer of at least 0");
  return at(key).get<std::uint64_t>();
}

bool JsonFile::boolean(const std::string& key) const {
  if (!at(key).is_boolean()) fail(key, "true or false");
  return at(key).get<bool>();
}

std::vector<double> JsonFile::numbers(const std::string& key) const {
  if (!at(key).is_array()) return {number(key)};
  std::vector<double> numbers;
  for (const auto& item : at(key)) {
    if (!item.is_number()) fail(key, "a number or a list of numbers");
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

std::optional<Versions> JsonFile::written_by() const {
  if (!has("evenkeel") || !has("libtorch")) return std::nullopt;
  return Versions{text("evenkeel"), text("libtorch")};
}

std::int64_t JsonFile::integer(const std::string& key) const {
  const auto value = natural(key);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    fail(key, "an integer below 2^63");
  return static_cast<std::int64_t>(value);
}

std::vector<std::string> JsonFile::texts_or_empty(const std::string& key) const {
  std::vector<std::string> texts;
  if (!value_.contains(key)) return texts;
  for (const auto& item : at(key)) {
    if (!item.is_string()) fail(key, "a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

const nlohmann::json& JsonFile::at(const std::string& key) const {
  const auto found = value_.find(key);
  if (found == value_.end())
    throw std::runtime_error(fmt::format("{}: expected \"{}\", found no such key", path_.string(), key));
  return *found;
}

void JsonFile::fail(const std::string& key, const std::string& expected) const {
  throw std::runtime_error(
      fmt::format("{}: \"{}\": expected {}, found {}", path_.string(), key, expected, at(key).dump()));
}

}  // namespace evenkeel::files
