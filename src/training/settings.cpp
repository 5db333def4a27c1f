#include "training/settings.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace evenkeel::training {
namespace {

template <typename Value>
using Named = std::pair<Value, std::string_view>;

constexpr Named<Model> kModels[] = {{Model::kDigits, "digits"}, {Model::kResNet9, "resnet9"}};
constexpr Named<OptimiserKind> kOptimisers[] = {{OptimiserKind::kAdam, "adam"}, {OptimiserKind::kSgd, "sgd"}};
constexpr Named<Schedule> kSchedules[] = {
    {Schedule::kConstant, "constant"}, {Schedule::kPeak, "peak"}, {Schedule::kDoubling, "doubling"}};

template <typename Names, typename Value>
std::string_view find_name(const Names& names, Value value) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  throw std::logic_error("a setting without a name");
}

template <typename Names>
auto find_value(const Names& names, std::string_view what, std::string_view name) {
  std::string all;
  for (const auto& [value, known] : names) {
    if (known == name) return value;
    all += (all.empty() ? "" : ", ") + std::string(known);
  }
  throw std::runtime_error(fmt::format("{}: expected one of {}, found \"{}\"", what, all, name));
}

}  // namespace

std::string_view name_of(Model model) { return find_name(kModels, model); }
Model model_from_name(std::string_view name) { return find_value(kModels, "model", name); }

PictureShape picture_shape(Model model) {
  return model == Model::kDigits ? PictureShape{1, 28, 28} : PictureShape{3, 32, 32};
}

std::string_view name_of(OptimiserKind kind) { return find_name(kOptimisers, kind); }
OptimiserKind optimiser_from_name(std::string_view name) {
  return find_value(kOptimisers, "optimiser", name);
}

std::string_view name_of(Schedule schedule) { return find_name(kSchedules, schedule); }
Schedule schedule_from_name(std::string_view name) { return find_value(kSchedules, "schedule", name); }

double learning_rate_at(Schedule schedule, double asked, double epochs_done, double epochs) {
  if (schedule == Schedule::kConstant) return asked;
  if (schedule == Schedule::kDoubling) return asked * std::exp2(epochs_done / 2);
  const double peak = epochs * 5 / 24;
  return epochs_done < peak ? asked * epochs_done / peak : asked * (epochs - epochs_done) / (epochs - peak);
}

}  // namespace evenkeel::training
