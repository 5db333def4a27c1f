#include "bench/kernel_bench.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "bench/memory.h"
#include "libtorch/executor.h"

namespace evenkeel::bench {
namespace {

// The measurements to make, in the order of the tables.
std::vector<Measurement> plan(const KernelBenchSettings& settings) {
  std::vector<Measurement> wanted;
  for (const Operation& operation : all_operations()) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast, Layout::kFlat}) {
      const auto whole_name = fmt::format("{}, {}", operation.name(), name(layout));
      if (whole_name.find(settings.filter) == std::string::npos) continue;
      for (const Shape& shape : settings.shapes) {
        const auto possible = layouts(shape);
        if (std::find(possible.begin(), possible.end(), layout) != possible.end())
          wanted.push_back({shape, layout, operation, {}});
      }
    }
  }
  if (wanted.empty())
    throw std::invalid_argument(fmt::format(
        "filter: expected a part of an operation's or a layout's name, as \"backward\" or \"channels last\", "
        "found \"{}\", which leaves nothing to measure",
        settings.filter));
  return wanted;
}

std::string title(const Contender& contender) {
  const auto peer = info(contender.peer).title;
  return contender.way.empty() ? std::string(peer) : fmt::format("{} ({})", peer, contender.way);
}

std::vector<ContenderTiming> measure(const Problem& problem, const Operation& operation,
                                     const TurnSettings& turns, ParallelProbe& probe) {
  const auto contenders = all_contenders(problem, operation);
  const Result expected = reference(problem, operation);
  std::vector<std::function<void()>> calls;
  for (const Contender& contender : contenders) {
    contender.run();
    if (contender.result) {
      verify(fmt::format("{}: {}, {}, {}", title(contender), operation.name(), problem.shape.name(),
                         name(problem.layout)),
             contender.result(), expected);
    }
    calls.push_back(contender.run);
  }
  const auto timings = take_turns(calls, turns, probe);
  std::vector<ContenderTiming> named;
  for (std::size_t i = 0; i < contenders.size(); ++i)
    named.push_back({timings[i], contenders[i].peer, contenders[i].way});
  return named;
}

}  // namespace

const ContenderTiming* Measurement::fastest(Peer peer) const {
  const ContenderTiming* best = nullptr;
  for (const ContenderTiming& timing : timings) {
    if (timing.peer != peer) continue;
    if (best == nullptr || timing.seconds.median < best->seconds.median) best = &timing;
  }
  return best;
}

double Measurement::ratio(Peer over, Peer under) const {
  const Timing* const a = fastest(over);
  const Timing* const b = fastest(under);
  if (a == nullptr || b == nullptr) return std::numeric_limits<double>::quiet_NaN();
  return a->seconds.median / b->seconds.median;
}

bool Measurement::disturbed() const {
  return std::any_of(timings.begin(), timings.end(), [](const Timing& timing) { return timing.disturbed; });
}

KernelBenchResult run_kernel_bench(const KernelBenchSettings& settings, const BenchProgress& progress) {
  const torch::NoGradGuard no_grad;
  torch::set_num_threads(settings.threads);
  torch::manual_seed(1);
  keep_all_freed_memory();
  KernelBenchResult result{environment(), settings, plan(settings)};
  ParallelProbe probe(libtorch::executor());
  int done = 0;
  for (Measurement& one : result.measurements) {
    progress(done++, static_cast<int>(result.measurements.size()),
             fmt::format("{}, {} {}", one.operation.name(), one.shape.name(), name(one.layout)));
    one.timings = measure(make_problem(one.shape, one.layout), one.operation, settings.turns, probe);
  }
  return result;
}

}  // namespace evenkeel::bench
