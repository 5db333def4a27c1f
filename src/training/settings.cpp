#include "training/settings.h"

#include <cmath>

#include "models/names.h"

namespace evenkeel::training {
namespace {

using models::find_name;
using models::find_value;
using models::Named;

constexpr Named<OptimiserKind> kOptimisers[] = {{OptimiserKind::kAdam, "adam"}, {OptimiserKind::kSgd, "sgd"}};
constexpr Named<Schedule> kSchedules[] = {
    {Schedule::kConstant, "constant"}, {Schedule::kPeak, "peak"}, {Schedule::kDoubling, "doubling"}};

}  // namespace

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
