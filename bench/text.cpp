#include "bench/text.h"

#include <fmt/format.h>

#include <cmath>

namespace evenkeel::bench {
namespace {

// Three digits are what a timing is good for.
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

}  // namespace

std::string time_text(double seconds) {
  if (std::isnan(seconds)) return kMissing;
  if (seconds < 999.5e-6) return three_digits(1e6 * seconds) + " us";
  if (seconds < 999.5e-3) return three_digits(1e3 * seconds) + " ms";
  return three_digits(seconds) + " s";
}

std::string variation_text(const Spread& seconds) {
  const double percent = 100 * (seconds.high_quartile - seconds.low_quartile) / seconds.median;
  return std::isnan(percent) ? kMissing : fmt::format("{:.0f} %", percent);
}

std::string ratio_text(double ratio) { return std::isnan(ratio) ? kMissing : three_digits(ratio); }

std::string times_text(double ratio) { return std::isnan(ratio) ? kMissing : three_digits(ratio) + "x"; }

std::string mark(bool disturbed) { return disturbed ? " ~" : ""; }

std::string timing_text(const Timing& timing) {
  return fmt::format("{} ({}){}", time_text(timing.seconds.median), variation_text(timing.seconds),
                     mark(timing.disturbed));
}

std::string samples_text(const std::vector<Timing>& timings) {
  int dropped = 0, all = 0;
  bool disturbed = false;
  for (const Timing& timing : timings) {
    dropped += timing.dropped;
    all += timing.dropped + timing.samples;
    disturbed = disturbed || timing.disturbed;
  }
  return fmt::format("{} of {} samples were dropped, because the threads did not run in parallel.\n", dropped,
                     all) +
         (disturbed ? "~ where too few others were left, and all count: the figures are rough.\n" : "");
}

std::string environment_text(const Environment& environment) {
  std::string text;
  for (const auto& [name, value] : environment) text += fmt::format("{:<12}{}\n", name, value);
  return text;
}

}  // namespace evenkeel::bench
