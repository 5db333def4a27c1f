#include "progress_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "process.h"

namespace evenkeel::app {
namespace {

using training::TrainingStatus;

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainLine{10};
constexpr const char* kClearLine = "\r\033[K";

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(double fraction) {
  constexpr int kWidth = 20;
  const int full = static_cast<int>(std::lround(fraction * kWidth));
  return fmt::format("[{:=>{}}{: >{}}]", "", full, "", kWidth - full);
}

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
}

std::string measures(const TrainingStatus& status) {
  return fmt::format("loss {:.4f}  accuracy {:.2f} %  {:.0f} pictures/s", status.loss, 100 * status.accuracy,
                     status.pictures_per_second);
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::string label)
    : label_(std::move(label)),
      terminal_(isatty(STDERR_FILENO) == 1),
      last_(std::chrono::steady_clock::now()) {}

void ProgressDisplay::after_step(const TrainingStatus& status) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? std::chrono::nanoseconds(kRedraw) : std::chrono::nanoseconds(kPlainLine)))
    return;
  last_ = now;
  const double fraction = static_cast<double>(status.step) / static_cast<double>(status.steps);
  const auto place = fmt::format("{}  epoch {}/{}", label_, status.epoch, status.epochs);
  const auto left = fmt::format("{} left", duration(status.seconds_left));
  if (terminal_) {
    auto line = fmt::format("{} {}  {}  {}", place, bar(fraction), measures(status), left);
    line.resize(std::min(line.size(), terminal_width() - 1));
    fmt::print(stderr, "{}{}", kClearLine, line);
  } else {
    fmt::print(stderr, "{}  step {}/{}  {}  {}\n", place, status.step, status.steps, measures(status), left);
  }
}

void ProgressDisplay::after_epoch(const TrainingStatus& status) {
  fmt::print(stderr, "{}{}  epoch {}/{}  {}  test accuracy {:.2f} %\n", terminal_ ? kClearLine : "", label_,
             status.epoch, status.epochs, measures(status), 100 * status.test_accuracy.value_or(0));
}

bool ProgressDisplay::stop_requested() { return received_signal() != 0; }

}  // namespace evenkeel::app
