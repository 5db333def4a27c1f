// Work in processes of its own, side by side: LibTorch's random generator and its number of threads belong to a process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace evenkeel::lab {

class WorkerPool {
 public:
  // `work` gets a function to report its progress to, from 0 to 1.
  using Work = std::function<void(const std::function<void(double)>& report)>;

  struct Finished {
    std::size_t task = 0;
    std::string error;  // empty: it went well
  };

  explicit WorkerPool(std::size_t workers);
  ~WorkerPool();  // ends the processes that still run
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  bool has_room() const { return running() < slots_.size(); }
  std::size_t running() const;

  // Runs it in a copy of this process, made now, which must have one thread only. Needs room.
  void start(std::size_t task, const Work& work);

  // The next one to end, if one does within about `milliseconds`; a signal ends the waiting.
  std::optional<Finished> wait(int milliseconds);

  // 0 to 1; of a task that runs.
  double progress(std::size_t task) const;

 private:
  struct Report;  // in memory that both processes see
  struct Slot {
    pid_t process = 0;  // 0: free
    std::size_t task = 0;
    Report* report = nullptr;
  };
  [[noreturn]] static void run_in_child(Report& report, const Work& work);

  std::vector<Slot> slots_;
};

}  // namespace evenkeel::lab
