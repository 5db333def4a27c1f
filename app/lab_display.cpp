#include "lab_display.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "process.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::seconds kPlainLine{30};

std::string running_text(const lab::LabStatus& status) {
  std::string text;
  for (const auto& trial : status.running)
    text += fmt::format("{}{} #{} {:.0f} %", text.empty() ? "" : ", ", trial.claim, trial.seed,
                        100 * trial.progress);
  return text;
}

}  // namespace

LabDisplay::LabDisplay() : terminal_(error_output_is_terminal()), last_(std::chrono::steady_clock::now()) {}

void LabDisplay::at(const lab::LabStatus& status) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (terminal_ ? std::chrono::nanoseconds(kRedraw) : std::chrono::nanoseconds(kPlainLine)))
    return;
  last_ = now;
  const auto left = std::isfinite(status.seconds_left) ? duration(status.seconds_left) + " left" : "";
  const auto place = fmt::format("{}/{}", status.done, status.trials);
  if (terminal_) {
    auto line = fmt::format(
        "{} {}  {}  {}", progress_bar(static_cast<double>(status.done) / static_cast<double>(status.trials)),
        place, left, running_text(status));
    line.resize(std::min(line.size(), terminal_width() - 1));
    fmt::print(stderr, "{}{}", kClearLine, line);
  } else {
    fmt::print(stderr, "{}  {}  {}\n", place, left, running_text(status));
  }
}

void LabDisplay::finished(const lab::Result& result) {
  clear_line();
  fmt::print("{:>2}  {:<13}  {}\n", result.claim.number, name_of(result.verdict()), result.claim.title);
  const auto judgements = result.judgements();
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    const auto& value = judgements[i].value;
    fmt::print("      {}: {:.4g}{}\n", result.claim.rule[i].text(), value.mean,
               value.seeds.size() > 1 ? fmt::format(" ({:.4g} to {:.4g})", value.low, value.high) : "");
  }
  std::fflush(stdout);
}

void LabDisplay::failed(const lab::Claim& claim, std::uint64_t seed, const std::string& why) {
  clear_line();
  fmt::print(stderr, "evenkeel: {}, seed {}: {}\n", claim.name, seed, why.substr(0, why.find('\n')));
}

bool LabDisplay::stop_requested() { return received_signal() != 0; }

void LabDisplay::clear_line() const {
  if (terminal_) fmt::print(stderr, "{}", kClearLine);
}

}  // namespace evenkeel::app
