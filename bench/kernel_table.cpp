#include "bench/kernel_table.h"

#include <fmt/format.h>

#include <cmath>

#include "bench/kernel_summary.h"
#include "bench/text.h"

namespace evenkeel::bench {
namespace {

constexpr const char* kLegend =
    R"(time        median of the samples; spread: from the lower to the upper quartile, in percent of it
/ limit     our time over that of the fastest way to move the same bytes: 1.00 cannot be beaten
PyTorch     its time over ours; results in memory that was freed before and kept (no page faults)
  fresh     the same where results get memory that the system clears for each call, theirs and ours alike
oneDNN      the time of the faster of its own-layout and blocked (nChw16c) kernels over ours
mean        geometric means; > 8 MB: of "/ limit" over the tensors larger than that
PyTorch's ReLU is an operation of its own, in place for the evaluation alone; ours and oneDNN's are fused.
)";

std::string row(const std::string& shape, const std::string& time, const std::string& variation,
                const std::string& limit, const std::string& torch, const std::string& fresh,
                const std::string& onednn, bool disturbed = false) {
  return fmt::format("  {:<17}{:>10}{:>8}{:>9}{:>10}{:>8}{:>9}{}\n", shape, time, variation, limit, torch,
                     fresh, onednn, mark(disturbed));
}

std::string measurement_row(const Measurement& one) {
  const Timing* const ours = one.fastest(Peer::kEvenkeel);
  return row(one.shape.name(), ours ? time_text(ours->seconds.median) : kMissing,
             ours ? variation_text(ours->seconds) : kMissing,
             ratio_text(one.ratio(Peer::kEvenkeel, Peer::kLimit)),
             times_text(one.ratio(Peer::kTorch, Peer::kEvenkeel)),
             times_text(one.ratio(Peer::kTorchFresh, Peer::kEvenkeelFresh)),
             times_text(one.ratio(Peer::kOneDnn, Peer::kEvenkeel)), one.disturbed());
}

std::string mean_row(const Group& group) {
  const double large = group.mean_over_limit_when_large();
  return row("mean", "", "", ratio_text(group.mean_ratio(Peer::kEvenkeel, Peer::kLimit)),
             times_text(group.mean_ratio(Peer::kTorch, Peer::kEvenkeel)),
             times_text(group.mean_ratio(Peer::kTorchFresh, Peer::kEvenkeelFresh)),
             times_text(group.mean_ratio(Peer::kOneDnn, Peer::kEvenkeel))) +
         (std::isnan(large) ? "" : row("mean, > 8 MB", "", "", ratio_text(large), "", "", ""));
}

std::vector<Timing> all_timings(const KernelBenchResult& result) {
  std::vector<Timing> all;
  for (const Measurement& one : result.measurements)
    all.insert(all.end(), one.timings.begin(), one.timings.end());
  return all;
}

}  // namespace

std::string kernel_tables(const KernelBenchResult& result) {
  std::string text = environment_text(result.environment);
  text +=
      fmt::format("float32, medians of {} rounds in turns; every result was first held against float64's\n",
                  result.settings.turns.rounds);
  for (const Group& group : groups(result)) {
    text += fmt::format("\n{}, {}\n", group.operation.name(), name(group.layout));
    text += row("", "time", "spread", "/ limit", "PyTorch", "fresh", "oneDNN");
    for (const Measurement* one : group.measurements) text += measurement_row(*one);
    if (group.measurements.size() > 1) text += mean_row(group);
  }
  return text + "\n" + kLegend + samples_text(all_timings(result));
}

}  // namespace evenkeel::bench
