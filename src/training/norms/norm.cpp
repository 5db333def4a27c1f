#include "training/norms/norm.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace evenkeel::training {
namespace {

constexpr std::array<std::pair<Norm, std::string_view>, 3> kNames{
    {{Norm::kBatch, "batch"}, {Norm::kTorch, "torch"}, {Norm::kNone, "none"}}};

}  // namespace

std::string_view name_of(Norm norm) {
  for (const auto& [value, name] : kNames)
    if (value == norm) return name;
  throw std::logic_error("a norm without a name");
}

Norm norm_from_name(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  throw std::runtime_error(fmt::format("norm: expected one of {}, found \"{}\"", norm_names(), name));
}

std::string norm_names() {
  std::string names;
  for (const auto& [value, name] : kNames) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

}  // namespace evenkeel::training
