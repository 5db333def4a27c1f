// What is refused is refused in the caller, before anything is written: on any executor, and on its first call.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include "evenkeel/kernels.h"

namespace {

std::atomic<bool> refuse_scratch = false;

}  // namespace

// Those of the whole program. Only scratch space asks for an alignment.
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  void* memory = refuse_scratch ? nullptr : std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
  if (!memory) throw std::bad_alloc();
  return memory;
}
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }

namespace evenkeel::kernels::test::nothing_written_test {
namespace {

// Many slabs and many blocks: what a pool shares out, in both of its ways.
const Geometry kManySlabs{512, 4096, 1};
const Geometry kManyBlocks{100'000, 8, 1};

constexpr double kBefore = 7.5;

// Every call that writes, on outputs that hold kBefore. Returns 0 if each threw `Error` and wrote nothing.
template <typename Error>
int refused_calls(const Geometry& geometry, Executor& executor) {
  using T = float;
  const auto size = static_cast<std::size_t>(geometry.size());
  const auto channels = static_cast<std::size_t>(geometry.channels);
  std::vector<T> input(size), output(size, kBefore), weights(static_cast<std::size_t>(geometry.count()), 1);
  for (std::size_t i = 0; i < size; ++i) input[i] = static_cast<T>(i % 7);
  std::vector<double> mean(channels, kBefore), m2(channels, kBefore);
  std::vector<T> of_weight(channels, kBefore), of_bias(channels, kBefore), ones(channels, 1);
  double count = kBefore;
  int faults = 0;
  const auto refused = [&](const auto& call) {
    refuse_scratch = std::is_same_v<Error, std::bad_alloc>;
    try {
      run(call, executor);
      ++faults;
      std::cerr << "nothing was thrown\n";
    } catch (const Error&) {
    }
    refuse_scratch = false;
    const auto untouched = [](const auto& values) {
      return std::all_of(values.begin(), values.end(), [](auto value) { return value == kBefore; });
    };
    if (untouched(output) && untouched(mean) && untouched(m2) && untouched(of_weight) && untouched(of_bias) &&
        count == kBefore) {
      return;
    }
    ++faults;
    std::cerr << "something was written\n";
  };
  refused(ChannelMoments<T>{geometry, input.data(), mean.data(), m2.data()});
  refused(WeightedMoments<T>{geometry, input.data(), weights.data(), &count, mean.data(), m2.data()});
  TrainingForward<T> forward{geometry, input.data()};
  forward.output = output.data();
  forward.mean = mean.data();
  forward.m2 = m2.data();
  refused(forward);
  std::vector<double> given(channels, 1.0);
  TrainingBackward<T> backward{geometry, input.data(), input.data(), nullptr, given.data(), given.data()};
  backward.grad_input = output.data();
  backward.grad_weight = of_weight.data();
  backward.grad_bias = of_bias.data();
  refused(backward);
  backward.position_weights = weights.data();
  refused(backward);
  EvaluationForward<T> evaluation{geometry, input.data(), nullptr, nullptr, ones.data(), ones.data()};
  evaluation.output = output.data();
  refused(evaluation);
  EvaluationBackward<T> gradient{geometry, input.data(), input.data(), nullptr, ones.data(), ones.data()};
  gradient.grad_input = output.data();
  refused(gradient);
  gradient.grad_weight = of_weight.data();
  gradient.grad_bias = of_bias.data();
  refused(gradient);
  return faults;
}

// In processes of their own, in which nothing has asked for the instruction set yet.
class NothingWrittenDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void calls_with_an_unknown_instruction_set() {
  setenv("EVENKEEL_INSTRUCTION_SET", "sse9000", 1);
  const auto pool = make_thread_pool(4);
  int faults = 0;
  for (const Geometry& geometry : {kManySlabs, kManyBlocks}) {
    for (Executor* executor : {&serial_executor(), &default_executor(), pool.get()}) {
      faults += refused_calls<std::invalid_argument>(geometry, *executor);
    }
  }
  std::exit(faults);
}

TEST_F(NothingWrittenDeathTest, AnUnknownInstructionSetIsAnExceptionInTheCaller) {
  EXPECT_EXIT(calls_with_an_unknown_instruction_set(), testing::ExitedWithCode(0), "");
}

// Refusing memory before a thread has any: a fresh thread makes the calls, on a pool of fresh threads.
TEST(NothingWrittenTest, MemoryThatRunsOutIsAnExceptionInTheCaller) {
  for (const Geometry& geometry : {kManySlabs, kManyBlocks}) {
    for (const int threads : {1, 4}) {
      const auto pool = make_thread_pool(threads);
      std::thread([&] { EXPECT_EQ(refused_calls<std::bad_alloc>(geometry, *pool), 0) << threads; }).join();
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::nothing_written_test
