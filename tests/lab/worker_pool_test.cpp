#include "lab/worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "temporary_folder.h"

namespace evenkeel::lab::worker_pool_test {
namespace {

WorkerPool::Finished next(WorkerPool& pool) {
  for (int i = 0; i < 200; ++i)
    if (auto finished = pool.wait(100)) return *finished;
  throw std::runtime_error("expected a task to end within 20 seconds");
}

TEST(WorkerPoolTest, WorkLeavesItsFileAndEndsWithoutAnError) {
  testing::TemporaryFolder folder;
  WorkerPool pool(1);
  pool.start(7, [&](const auto&) { std::ofstream(folder.path / "done") << "yes"; });
  const auto finished = next(pool);
  EXPECT_EQ(finished.task, 7U);
  EXPECT_EQ(finished.error, "");
  EXPECT_TRUE(std::filesystem::exists(folder.path / "done"));
  EXPECT_EQ(pool.running(), 0U);
}

TEST(WorkerPoolTest, AnExceptionComesBackAsItsMessage) {
  WorkerPool pool(1);
  pool.start(0, [](const auto&) { throw std::runtime_error("no such pictures"); });
  EXPECT_EQ(next(pool).error, "no such pictures");
}

TEST(WorkerPoolTest, ACrashIsAnErrorAndNothingElseIsHurt) {
  WorkerPool pool(2);
  pool.start(0, [](const auto&) { ::raise(SIGKILL); });
  pool.start(1, [](const auto&) {});
  const auto first = next(pool);
  const auto second = next(pool);
  EXPECT_EQ(first.error + second.error, "ended by signal 9");
}

TEST(WorkerPoolTest, TasksRunAtTheSameTime) {
  testing::TemporaryFolder folder;
  WorkerPool pool(2);
  // Each waits for the other: one after the other they would wait for ever.
  for (const std::size_t task : {0, 1})
    pool.start(task, [&folder, task](const auto&) {
      std::ofstream(folder.path / std::to_string(task)) << "here";
      while (!std::filesystem::exists(folder.path / std::to_string(1 - task))) ::usleep(1000);
    });
  EXPECT_FALSE(pool.has_room());
  EXPECT_EQ(next(pool).error, "");
  EXPECT_TRUE(pool.has_room());
  EXPECT_EQ(next(pool).error, "");
}

TEST(WorkerPoolTest, ProgressIsSeenWhileATaskRuns) {
  testing::TemporaryFolder folder;
  WorkerPool pool(1);
  pool.start(3, [&](const auto& report) {
    report(0.5);
    while (!std::filesystem::exists(folder.path / "go on")) ::usleep(1000);
  });
  for (int i = 0; i < 1000 && pool.progress(3) == 0; ++i) ::usleep(1000);
  EXPECT_EQ(pool.progress(3), 0.5);
  std::ofstream(folder.path / "go on") << "now";
  EXPECT_EQ(next(pool).error, "");
}

TEST(WorkerPoolTest, TasksEndWithThePool) {
  testing::TemporaryFolder folder;
  {
    WorkerPool pool(1);
    pool.start(0, [&](const auto&) {
      std::ofstream(folder.path / "process") << ::getpid() << std::flush;
      for (;;) ::pause();
    });
    while (!std::filesystem::exists(folder.path / "process") ||
           std::filesystem::is_empty(folder.path / "process"))
      ::usleep(1000);
  }
  pid_t process = 0;
  std::ifstream(folder.path / "process") >> process;
  EXPECT_EQ(::kill(process, 0), -1) << "the process still runs";
}

}  // namespace
}  // namespace evenkeel::lab::worker_pool_test
