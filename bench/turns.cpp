#include "bench/turns.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace evenkeel::bench {
namespace {

constexpr int kSpins = 200'000;  // about 0.1 ms: shorter than a sample, longer than starting the threads
constexpr double kHardlyLonger = 1.4;  // two threads on one core take 1.6 to 2 times as long
constexpr double kEnough = 1.0 / 3;    // of the samples have to be left
constexpr int kTries = 10;
constexpr std::chrono::milliseconds kPause{1};  // time for whoever has the other core to leave it

template <typename Function>
double seconds_of(const Function& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Work that needs a core's arithmetic and no memory: four chains, so that two threads on one core get in each
// other's way.
void spin() {
  std::uint64_t a = 1, b = 2, c = 3, d = 4;
  for (int i = 0; i < kSpins; ++i) {
    a = a * 6364136223846793005U + 1;
    b = b * 6364136223846793005U + 3;
    c = c * 6364136223846793005U + 5;
    d = d * 6364136223846793005U + 7;
    asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));  // the loop has to be run
  }
}

double seconds_per_call(const std::function<void()>& call, int repeats) {
  return seconds_of([&] {
           for (int i = 0; i < repeats; ++i) call();
         }) /
         repeats;
}

// The first call warms up, and the shortest of some more says how many fill a sample: a single one can be hit
// by whatever else runs.
int repeats_for(const std::function<void()>& call, double sample_seconds) {
  call();
  double shortest = seconds_per_call(call, 1);
  for (double spent = shortest; spent < sample_seconds;) {
    const double seconds = seconds_per_call(call, 1);
    shortest = std::min(shortest, seconds);
    spent += seconds;
  }
  return std::max(1, static_cast<int>(sample_seconds / shortest));
}

}  // namespace

ParallelProbe::ParallelProbe(kernels::Executor& executor) : executor_(executor), alone_(seconds_of(spin)) {
  for (int i = 0; i < kTries; ++i) alone_ = std::min(alone_, seconds_of(spin));
}

double ParallelProbe::spin_together() {
  return seconds_of([this] {
    executor_.parallel_for(executor_.concurrency(), [](std::int64_t begin, std::int64_t end) {
      for (auto i = begin; i < end; ++i) spin();
    });
  });
}

bool ParallelProbe::parallel() {
  return executor_.concurrency() == 1 || spin_together() < kHardlyLonger * alone_;
}

bool ParallelProbe::wait() {
  for (int i = 0; i < kTries; ++i) {
    if (parallel()) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

std::vector<Timing> take_turns(const std::vector<std::function<void()>>& calls, const TurnSettings& settings,
                               ParallelProbe& probe) {
  std::vector<int> repeats;
  for (const auto& call : calls) repeats.push_back(repeats_for(call, settings.sample_seconds));
  std::vector<std::vector<double>> quiet(calls.size());
  std::vector<std::vector<double>> all(calls.size());
  for (int round = 0; round < settings.rounds; ++round) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const bool before = probe.wait();
      all[i].push_back(seconds_per_call(calls[i], repeats[i]));
      if (before && probe.parallel()) quiet[i].push_back(all[i].back());
    }
  }
  std::vector<Timing> timings;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool disturbed = quiet[i].size() < kEnough * static_cast<double>(all[i].size());
    const auto& counted = disturbed ? all[i] : quiet[i];
    timings.push_back({spread(counted), static_cast<int>(counted.size()),
                       static_cast<int>(all[i].size() - counted.size()), disturbed});
  }
  return timings;
}

}  // namespace evenkeel::bench
