#include "models/norms/norm.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace evenkeel::models {
namespace {

struct Known {
  Norm norm;
  std::string_view name;
  std::string_view words;
  bool needs_batch;
  bool is_batch_norm_in_evaluation;
};

constexpr std::array<Known, 10> kKnown{{
    {Norm::kBatch, "batch", "batch norm", true, true},
    {Norm::kTorch, "torch", "LibTorch's batch norm", true, true},
    {Norm::kNone, "none", "no norm", false, false},
    {Norm::kGroup, "group", "group norm", false, false},
    {Norm::kLayer, "layer", "layer norm", false, false},
    {Norm::kInstance, "instance", "instance norm", false, false},
    {Norm::kRenorm, "renorm", "batch renormalization", true, true},
    {Norm::kGhost, "ghost", "batch norm of ghost batches", true, true},
    {Norm::kWhiten, "whiten", "batch whitening", true, false},
    {Norm::kDetached, "detached", "batch norm outside the gradient", true, true},
}};

const Known& known(Norm norm) {
  for (const auto& one : kKnown)
    if (one.norm == norm) return one;
  throw std::logic_error("a norm without a name");
}

}  // namespace

std::vector<Norm> all_norms() {
  std::vector<Norm> norms;
  for (const auto& one : kKnown) norms.push_back(one.norm);
  return norms;
}

std::string_view name_of(Norm norm) { return known(norm).name; }

Norm norm_from_name(std::string_view name) {
  for (const auto& one : kKnown)
    if (one.name == name) return one.norm;
  throw std::runtime_error(fmt::format("norm: expected one of {}, found \"{}\"", norm_names(), name));
}

std::string norm_names() {
  std::string names;
  for (const auto& one : kKnown) names += (names.empty() ? "" : ", ") + std::string(one.name);
  return names;
}

std::string_view words_for(Norm norm) { return known(norm).words; }

bool needs_batch(Norm norm) { return known(norm).needs_batch; }

bool is_batch_norm_in_evaluation(Norm norm) { return known(norm).is_batch_norm_in_evaluation; }

void check_is_batch_norm(Norm norm, std::string_view run, std::string_view purpose) {
  if (!is_batch_norm_in_evaluation(norm))
    throw std::runtime_error(
        fmt::format("{}: expected a run with batch norm to {}, found norm {}", run, purpose, name_of(norm)));
}

}  // namespace evenkeel::models
