#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "evenkeel/kernels/executor.h"

namespace evenkeel::kernels {
namespace {

TEST(ThreadPoolTest, EveryIndexIsVisitedOnceForAnyNumberOfThreads) {
  for (int threads : {1, 2, 3, 8}) {
    const auto pool = make_thread_pool(threads);
    for (std::int64_t count : {0, 1, 2, 7, 8, 9, 1000}) {
      std::vector<int> visits(static_cast<std::size_t>(count), 0);
      pool->parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      EXPECT_EQ(visits, std::vector<int>(static_cast<std::size_t>(count), 1)) << threads << " threads";
    }
  }
}

TEST(ThreadPoolTest, RefusesAPoolWithoutThreads) { EXPECT_THROW(make_thread_pool(0), std::invalid_argument); }

}  // namespace
}  // namespace evenkeel::kernels
