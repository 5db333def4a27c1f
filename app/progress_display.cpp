#include "progress_display.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "process.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

using training::TrainingStatus;

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainLine{10};

std::string measures(const training::TrainingStatus& status) {
  return fmt::format("loss {:.4f}  accuracy {:.2f} %  {:.0f} pictures/s", status.loss, 100 * status.accuracy,
                     status.pictures_per_second);
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::string label)
    : label_(std::move(label)),
      terminal_(error_output_is_terminal()),
      last_(std::chrono::steady_clock::now()) {}

void ProgressDisplay::after_step(const training::TrainingStatus& status) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? std::chrono::nanoseconds(kRedraw) : std::chrono::nanoseconds(kPlainLine)))
    return;
  last_ = now;
  const double fraction = static_cast<double>(status.step) / static_cast<double>(status.steps);
  const auto place = fmt::format("{}  epoch {}/{}", label_, status.epoch, status.epochs);
  const auto left = fmt::format("{} left", duration(status.seconds_left));
  if (terminal_) {
    auto line = fmt::format("{} {}  {}  {}", place, progress_bar(fraction), measures(status), left);
    line.resize(std::min(line.size(), terminal_width() - 1));
    fmt::print(stderr, "{}{}", kClearLine, line);
  } else {
    fmt::print(stderr, "{}  step {}/{}  {}  {}\n", place, status.step, status.steps, measures(status), left);
  }
}

void ProgressDisplay::after_epoch(const training::TrainingStatus& status) {
  fmt::print(stderr, "{}{}  epoch {}/{}  {}  test accuracy {:.2f} %\n", terminal_ ? kClearLine : "", label_,
             status.epoch, status.epochs, measures(status), 100 * status.test_accuracy.value_or(0));
}

bool ProgressDisplay::stop_requested() { return received_signal() != 0; }

}  // namespace evenkeel::app
