#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "evenkeel/kernels/executor.h"
#include "kernels/support/checks.h"
#include "kernels/support/executors.h"

namespace evenkeel::kernels::test::thread_pool_test {
namespace {

using Visits = std::vector<int>;

Visits visits_of(Executor& executor, std::int64_t count) {
  Visits visits(static_cast<std::size_t>(count), 0);
  executor.parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
  });
  return visits;
}

TEST(ThreadPoolTest, EveryIndexIsVisitedOnceForAnyNumberOfThreads) {
  for (const auto& [name, executor] : all_executors()) {
    for (std::int64_t count : {0, 1, 2, 7, 8, 9, 1000}) {
      EXPECT_EQ(visits_of(executor, count), Visits(static_cast<std::size_t>(count), 1)) << name;
    }
  }
  EXPECT_EQ(visits_of(default_executor(), 1000), Visits(1000, 1));
}

TEST(ThreadPoolTest, EveryRangeHoldsSomething) {
  for (const auto& [name, executor] : all_executors()) {
    for (std::int64_t count : {0, -1, 1, 3, 5}) {
      std::atomic<int> empty = 0;
      executor.parallel_for(count, [&](std::int64_t begin, std::int64_t end) { empty += begin >= end; });
      EXPECT_EQ(empty, 0) << name << ", count " << count;
    }
  }
}

TEST(ThreadPoolTest, ConcurrencyIsWhatWasAskedFor) {
  for (int threads : {1, 2, 3, 8}) EXPECT_EQ(make_thread_pool(threads)->concurrency(), threads);
  EXPECT_EQ(serial_executor().concurrency(), 1);
  EXPECT_GE(default_executor().concurrency(), 1);
}

TEST(ThreadPoolTest, WorkRunsOnSeveralThreadsAtTheSameTime) {
  const auto pool = make_thread_pool(3);
  std::atomic<int> arrived = 0;  // each waits for the others: one thread alone would never come back
  pool->parallel_for(3, [&](std::int64_t begin, std::int64_t end) {
    arrived += static_cast<int>(end - begin);
    while (arrived < 3) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 3);
}

TEST(ThreadPoolTest, TheSameCountGivesTheSameRangesToTheSameThreads) {
  const auto pool = make_thread_pool(3);
  const auto owners = [&] {
    std::vector<std::thread::id> ids(100);
    pool->parallel_for(100, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        ids[static_cast<std::size_t>(i)] = std::this_thread::get_id();
    });
    return ids;
  };
  const auto first = owners();
  EXPECT_EQ(std::set<std::thread::id>(first.begin(), first.end()).size(), 3U);
  for (int round = 0; round < 50; ++round) ASSERT_EQ(owners(), first);
}

TEST(ThreadPoolTest, ManyShortRoundsLoseNothing) {
  const auto pool = make_thread_pool(4);
  std::vector<std::int64_t> sums(64, 0);  // not atomic: the end of a round must order it before the next
  for (int round = 0; round < 5'000; ++round) {
    pool->parallel_for(64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) sums[static_cast<std::size_t>(i)] += i;
    });
  }
  for (std::int64_t i = 0; i < 64; ++i) EXPECT_EQ(sums[static_cast<std::size_t>(i)], 5'000 * i);
}

TEST(ThreadPoolTest, ConcurrentCallersEachGetTheirOwnWorkDone) {
  const auto pool = make_thread_pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 300; ++round) {
        const std::int64_t count = 1 + (round * 7 + caller) % 50;
        if (visits_of(*pool, count) != Visits(static_cast<std::size_t>(count), 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadPoolTest, ConcurrentKernelCallsOnOnePoolAreRight) {
  const Problem<float> problem({40, 20, 900}, Style::kPlain, 90);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 3; ++round) check_every_call(problem, Subject(three_threads()));
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPoolTest, PoolsComeAndGoWithOrWithoutWork) {
  for (int round = 0; round < 200; ++round) {
    const auto idle = make_thread_pool(4);
    const auto busy = make_thread_pool(2);
    if (round % 2 == 0) {
      EXPECT_EQ(visits_of(*busy, 5), Visits(5, 1));
    }
  }
}

TEST(ThreadPoolTest, WhatWorkThrowsReachesTheCallerWhenAllIsDone) {
  const auto pool = make_thread_pool(4);
  for (std::int64_t thrower = 0; thrower < 4; ++thrower) {
    std::atomic<int> done = 0;
    const auto work = [&](std::int64_t begin, std::int64_t) {
      if (begin == thrower) throw std::runtime_error("range " + std::to_string(begin));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++done;
    };
    try {
      pool->parallel_for(4, work);
      ADD_FAILURE() << "nothing was thrown for " << thrower;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), "range " + std::to_string(thrower));
      EXPECT_EQ(done, 3);
    }
    EXPECT_EQ(visits_of(*pool, 100), Visits(100, 1));
  }
}

TEST(ThreadPoolTest, WorkMayCallItsOwnPool) {
  const auto pool = make_thread_pool(3);
  std::atomic<int> visits = 0;
  pool->parallel_for(3, [&](std::int64_t, std::int64_t) {
    pool->parallel_for(
        10, [&](std::int64_t begin, std::int64_t end) { visits += static_cast<int>(end - begin); });
  });
  EXPECT_EQ(visits, 30);
}

TEST(ThreadPoolTest, RefusesAPoolWithoutThreads) {
  for (int threads : {0, -3}) {
    try {
      make_thread_pool(threads);
      ADD_FAILURE() << "nothing was thrown for " << threads;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(),
                "[make_thread_pool] expected at least 1 thread, got " + std::to_string(threads));
    }
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::thread_pool_test
