#include "bench/turns.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::bench::turns_test {
namespace {

TEST(TurnsTest, CallsTakeTurns) {
  std::string order;
  ParallelProbe probe(kernels::serial_executor());
  const auto timings =
      take_turns({[&] { order += 'a'; }, [&] { order += 'b'; }}, {3, /*sample_seconds=*/0}, probe);
  ASSERT_EQ(timings.size(), 2U);
  EXPECT_EQ(order.substr(order.size() - 6), "ababab");
  for (const Timing& timing : timings) {
    EXPECT_EQ(timing.samples, 3);
    EXPECT_EQ(timing.dropped, 0);
    EXPECT_FALSE(timing.disturbed);
    EXPECT_GT(timing.seconds.median, 0);
  }
}

// Claims two threads and has one: what two processors that share a core look like.
class OneCore final : public kernels::Executor {
 public:
  int concurrency() const override { return 2; }
  void parallel_for(std::int64_t count, kernels::RangeFunction work) override { work(0, count); }
};

TEST(TurnsTest, WithoutASampleInParallelAllCountAndAreCalledDisturbed) {
  OneCore executor;
  ParallelProbe probe(executor);
  EXPECT_FALSE(probe.wait());
  const auto timings = take_turns({[] {}}, {3, /*sample_seconds=*/0}, probe);
  EXPECT_EQ(timings[0].samples, 3);
  EXPECT_EQ(timings[0].dropped, 0);
  EXPECT_TRUE(timings[0].disturbed);
}

}  // namespace
}  // namespace evenkeel::bench::turns_test
