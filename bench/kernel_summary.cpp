#include "bench/kernel_summary.h"

namespace evenkeel::bench {
namespace {

constexpr std::int64_t kLargeBytes = 8'000'000;

}  // namespace

double Group::mean_ratio(Peer over, Peer under) const {
  std::vector<double> ratios;
  for (const auto* one : measurements) ratios.push_back(one->ratio(over, under));
  return geometric_mean(ratios);
}

double Group::mean_over_limit_when_large() const {
  std::vector<double> ratios;
  for (const auto* one : measurements) {
    if (one->shape.bytes() > kLargeBytes) ratios.push_back(one->ratio(Peer::kEvenkeel, Peer::kLimit));
  }
  return geometric_mean(ratios);
}

std::vector<Group> groups(const KernelBenchResult& result) {
  std::vector<Group> all;
  for (const Measurement& one : result.measurements) {
    if (all.empty() || all.back().operation != one.operation || all.back().layout != one.layout)
      all.push_back({one.operation, one.layout, {}});
    all.back().measurements.push_back(&one);
  }
  return all;
}

}  // namespace evenkeel::bench
