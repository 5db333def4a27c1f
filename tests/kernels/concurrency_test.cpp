// Many threads, threads that come and go, signals, other cores, no memory, libraries that are closed: the right result, or an exception.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "kernels/support/child_process.h"
#include "kernels/support/one_call.h"

namespace evenkeel::kernels::test::concurrency_test {
namespace {

class ConcurrencyTest : public testing::Test {
 protected:
  void SetUp() override { wrong_results(serial_executor()); }  // makes what is expected
};

TEST_F(ConcurrencyTest, TwoHundredThreadsAtOnceAreRight) {
  const auto pool = make_thread_pool(3);
  std::atomic<int> wrong = 0, ready = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 200; ++caller) {
    callers.emplace_back([&, caller] {
      for (++ready; ready < 200;) std::this_thread::yield();
      Executor* const executors[] = {&default_executor(), pool.get(), &serial_executor()};
      wrong += wrong_results(*executors[caller % 3]);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ConcurrencyTest, ThreadsMayEndWhileOthersRun) {
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread steady([&] {
    while (!stop) wrong += wrong_results(default_executor());
  });
  for (int wave = 0; wave < 20; ++wave) {
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&] { wrong += wrong_results(default_executor()); });
    }
    for (std::thread& caller : callers) caller.join();
  }
  stop = true;
  steady.join();
  EXPECT_EQ(wrong, 0);
}

std::atomic<int> signals_taken = 0;

TEST_F(ConcurrencyTest, SignalsInTheMiddleChangeNothing) {
  if (!kChildrenMayStartThreads) GTEST_SKIP() << "ThreadSanitizer does not follow a process that forks";
  EXPECT_EQ(in_a_child([] {
              struct sigaction action {};
              action.sa_handler = [](int) { ++signals_taken; };  // without SA_RESTART: waits are interrupted
              sigaction(SIGUSR1, &action, nullptr);
              std::atomic<bool> stop = false;
              const pthread_t main_thread = pthread_self();
              std::thread sender([&] {
                while (!stop) {
                  pthread_kill(main_thread, SIGUSR1);
                  std::this_thread::sleep_for(std::chrono::microseconds(100));
                }
              });
              int wrong = 0;
              for (int round = 0; round < 20 || signals_taken < 20; ++round)
                wrong += wrong_results(default_executor());
              stop = true;
              sender.join();
              return wrong;
            }),
            kFine);
}

TEST_F(ConcurrencyTest, ThreadsOfAPoolTakeNoSignals) {
  if (!kChildrenMayStartThreads) GTEST_SKIP() << "ThreadSanitizer does not follow a process that forks";
  EXPECT_EQ(in_a_child([] {
              const auto pool = make_thread_pool(3);
              if (wrong_results(*pool) + wrong_results(default_executor()) != 0) return 1;
              sigset_t one;
              sigemptyset(&one);
              sigaddset(&one, SIGUSR1);
              pthread_sigmask(SIG_BLOCK, &one, nullptr);
              signal(SIGUSR1, [](int) { ++signals_taken; });
              kill(getpid(), SIGUSR1);  // for any thread that takes it
              if (wrong_results(*pool) + wrong_results(default_executor()) != 0) return 2;
              sigset_t waiting;
              sigpending(&waiting);
              return sigismember(&waiting, SIGUSR1) == 1 ? 0 : 3;
            }),
            kFine);
}

TEST_F(ConcurrencyTest, OtherCoresBetweenCallsChangeNothing) {
  if (!kChildrenMayStartThreads) GTEST_SKIP() << "ThreadSanitizer does not follow a process that forks";
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &all) || core >= 8) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(wrong_results(default_executor()), 0);
    EXPECT_EQ(
        in_a_child([] { return wrong_results(default_executor()) + wrong_results(*make_thread_pool(3)); }),
        kFine);
    ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
    EXPECT_EQ(wrong_results(default_executor()), 0);
  }
}

std::size_t address_space() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// With `spare` bytes more than there are, and all memory for the results there already.
int calls_with_little_memory(std::size_t spare, Executor* executor) {
  static const Geometry geometry{300, 3'000, 1};
  const OneCall expected = one_call(serial_executor(), geometry);
  OneCall made = expected;
  std::fill(made.mean.begin(), made.mean.end(), -7.0);
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  int wrong = 0;
  std::atomic<int> stage = 0;
  // A thread that has had no scratch memory yet, whose own stack is there before the limit.
  std::thread caller([&] {
    for (++stage; stage < 2;) std::this_thread::yield();
    try {
      Executor& used = executor ? *executor : default_executor();
      TrainingForward<float> forward{geometry, made.input.data()};
      forward.output = made.output.data();
      forward.mean = made.mean.data();
      forward.m2 = made.m2.data();
      run(forward, used);
      wrong += made == expected ? 0 : 1;
    } catch (const std::bad_alloc&) {
      for (const double mean : made.mean) wrong += mean == -7.0 ? 0 : 1;
    }
  });
  while (stage < 1) std::this_thread::yield();
  rlimit limit = before;
  limit.rlim_cur = address_space() + spare;
  setrlimit(RLIMIT_AS, &limit);
  ++stage;
  caller.join();
  setrlimit(RLIMIT_AS, &before);
  return wrong + (one_call(executor ? *executor : default_executor(), geometry) == expected ? 0 : 1);
}

TEST_F(ConcurrencyTest, WithLittleMemoryACallIsRightOrRefused) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more address space than a limit could leave";
#endif
  for (std::size_t spare = 0; spare < (8U << 20); spare += 512 * 1024) {
    EXPECT_EQ(in_a_child([&] { return calls_with_little_memory(spare, nullptr); }), kFine) << spare;
    EXPECT_EQ(in_a_child([&] {
                const auto pool = make_thread_pool(4);
                return calls_with_little_memory(spare, pool.get());
              }),
              kFine)
        << spare;
  }
}

TEST_F(ConcurrencyTest, ALibraryMayBeClosedAfterItsKernelsRan) {
  if (!kChildrenMayStartThreads) GTEST_SKIP() << "ThreadSanitizer does not follow a process that forks";
  EXPECT_EQ(in_a_child(
                [] {
                  for (int round = 0; round < 3; ++round) {
                    void* const plugin = dlopen(EVENKEEL_KERNELS_PLUGIN, RTLD_NOW | RTLD_LOCAL);
                    if (!plugin) return 1;
                    void* const symbol = dlsym(plugin, "wrong_results_of_the_plugin");
                    if (!symbol) return 2;
                    const auto wrong = reinterpret_cast<int (*)()>(symbol);
                    if (wrong() != 0) return 3;
                    int elsewhere = 0;
                    std::thread([&] { elsewhere = wrong(); }).join();
                    if (elsewhere != 0) return 4;
                    dlclose(plugin);
                    if (in_a_child([] { return 0; }, std::exit) != kFine) return 5;
                  }
                  return 0;
                },
                std::exit),
            kFine);
}

}  // namespace
}  // namespace evenkeel::kernels::test::concurrency_test
