// Choices that have names, on the command line and in config.json.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace evenkeel::models {

template <typename Value>
using Named = std::pair<Value, std::string_view>;

template <typename Names, typename Value>
std::string_view find_name(const Names& names, Value value) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  throw std::logic_error("a setting without a name");
}

// Throws std::runtime_error with one line when no value has that name.
template <typename Names>
auto find_value(const Names& names, std::string_view what, std::string_view name) {
  std::string all;
  for (const auto& [value, known] : names) {
    if (known == name) return value;
    all += (all.empty() ? "" : ", ") + std::string(known);
  }
  throw std::runtime_error(fmt::format("{}: expected one of {}, found \"{}\"", what, all, name));
}

}  // namespace evenkeel::models
