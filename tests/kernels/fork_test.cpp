// Pools in processes that fork, and that end while they work.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "kernels/support/child_process.h"
#include "kernels/support/one_call.h"

namespace evenkeel::kernels::test::fork_test {
namespace {

// A pool of threads, also where the machine has one core.
struct Pools {
  std::unique_ptr<Executor> own = make_thread_pool(3);
  int wrong() const { return wrong_results(*own) + wrong_results(default_executor()); }
};

class ForkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kChildrenMayStartThreads) GTEST_SKIP() << "ThreadSanitizer does not follow a process that forks";
    wrong_results(serial_executor());  // makes what is expected
  }
};

TEST_F(ForkTest, APoolThatWasNotUsedYetWorksInTheChildAndInTheParent) {
  const Pools pools;
  EXPECT_EQ(in_a_child([&] { return pools.wrong(); }), kFine);
  EXPECT_EQ(pools.wrong(), 0);
}

TEST_F(ForkTest, APoolThatWasUsedWorksInTheChildAndInTheParent) {
  const Pools pools;
  EXPECT_EQ(pools.wrong(), 0);
  for (int child = 0; child < 3; ++child) EXPECT_EQ(in_a_child([&] { return pools.wrong(); }), kFine);
  EXPECT_EQ(pools.wrong(), 0);
}

TEST_F(ForkTest, TheChildOfAChildWorksToo) {
  const Pools pools;
  EXPECT_EQ(pools.wrong(), 0);
  EXPECT_EQ(in_a_child([&] {
              const int wrong = pools.wrong();
              const bool fine = in_a_child([&] { return pools.wrong(); }) == kFine;
              return wrong + pools.wrong() + (fine ? 0 : 1);
            }),
            kFine);
}

TEST_F(ForkTest, AChildMayExitWithoutOrAfterUse) {
  static const Pools pools;
  EXPECT_EQ(pools.wrong(), 0);
  EXPECT_EQ(in_a_child([] { return 0; }, std::exit), kFine);
  EXPECT_EQ(in_a_child([] { return pools.wrong(); }, std::exit), kFine);
}

TEST_F(ForkTest, AChildMayDestroyAPool) {
  auto pools = std::make_unique<Pools>();
  EXPECT_EQ(pools->wrong(), 0);
  EXPECT_EQ(in_a_child([&] {
              pools.reset();
              return 0;
            }),
            kFine);
}

TEST_F(ForkTest, AChildThatIsMadeWhileThePoolWorksIsRight) {
  const Pools pools;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      while (!stop) wrong += pools.wrong();
    });
  }
  for (int child = 0; child < 20; ++child) {
    ASSERT_EQ(in_a_child([&] { return pools.wrong(); }, child % 2 == 0 ? _exit : std::exit), kFine) << child;
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ForkTest, SeveralThreadsOfAChildMayCallAtOnce) {
  const Pools pools;
  EXPECT_EQ(pools.wrong(), 0);
  EXPECT_EQ(in_a_child([&] {
              std::atomic<int> wrong = 0;
              std::vector<std::thread> callers;
              for (int caller = 0; caller < 8; ++caller)
                callers.emplace_back([&] { wrong += pools.wrong(); });
              for (std::thread& caller : callers) caller.join();
              return wrong.load();
            }),
            kFine);
}

// The statics of the program, pools among them, are destroyed on the thread that calls exit().
void exit_from(Executor& executor, std::int64_t range) {
  executor.parallel_for(executor.concurrency(), [range](std::int64_t begin, std::int64_t) {
    if (begin == range) std::exit(0);
  });
}

TEST_F(ForkTest, AnyThreadOfAPoolMayExit) {
  for (const std::int64_t range : {0, 1, 2}) {
    EXPECT_EQ(in_a_child([range] {
                static const Pools pools;
                exit_from(*pools.own, range);
                return 1;
              }),
              kFine)
        << "range " << range;
  }
  EXPECT_EQ(in_a_child([] {
              exit_from(default_executor(), default_executor().concurrency() - 1);
              return 1;
            }),
            kFine);
}

TEST_F(ForkTest, AProcessMayExitWhileOtherThreadsRunKernels) {
  for (int child = 0; child < 10; ++child) {
    ASSERT_EQ(in_a_child([] {
                static std::atomic<int> rounds = 0;
                for (int caller = 0; caller < 3; ++caller) {
                  std::thread([] {
                    for (;; ++rounds) {
                      if (wrong_results(default_executor()) != 0) std::_Exit(1);
                    }
                  }).detach();
                }
                while (rounds < 3) std::this_thread::yield();
                std::exit(0);
                return 1;
              }),
              kFine);
  }
}

// Its destructor runs kernels when the memory that the thread kept for its calls is gone.
struct RunsKernelsAtTheEnd {
  ~RunsKernelsAtTheEnd() {
    if (armed && wrong_results(default_executor()) + wrong_results(serial_executor()) != 0) std::_Exit(1);
  }
  bool armed = false;
};

TEST_F(ForkTest, ADestructorOfAStaticMayRunKernels) {
  static RunsKernelsAtTheEnd at_the_end;
  EXPECT_EQ(in_a_child(
                [] {
                  at_the_end.armed = true;
                  return wrong_results(default_executor());
                },
                std::exit),
            kFine);
}

}  // namespace
}  // namespace evenkeel::kernels::test::fork_test
