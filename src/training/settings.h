// The choices of a training run that have names.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel::training {

enum class OptimiserKind {
  kAdam,  // PyTorch's defaults
  kSgd,   // with Nesterov's momentum and weight decay
};
std::string_view name_of(OptimiserKind kind);  // "adam", "sgd"
OptimiserKind optimiser_from_name(
    std::string_view name);  // this and the next: throws std::runtime_error with one line

// How the learning rate goes over a run of E epochs; r is the one that was asked for.
enum class Schedule {
  kConstant,  // r
  kPeak,      // straight lines from 0 to r at 5/24 of the run and back to 0 at its end
  kDoubling,  // r 2^(e/2) after e epochs: up to where training breaks
};
std::string_view name_of(Schedule schedule);  // "constant", "peak", "doubling"
Schedule schedule_from_name(std::string_view name);

// After `epochs_done` of `epochs`, with fractions.
double learning_rate_at(Schedule schedule, double asked, double epochs_done, double epochs);

}  // namespace evenkeel::training
