// Forwards in training mode that leave the running statistics alone.
#pragma once

#pragma GCC visibility push(default)
namespace evenkeel {

// While one lives, no batch norm of Evenkeel that this thread calls in training mode changes its running
// statistics: it normalises with the batch and leaves them alone. For probe forwards, and for recomputing a
// forward in a backward (activation checkpointing), which would count the batch twice.
class NoStatisticsUpdateGuard {
 public:
  NoStatisticsUpdateGuard();
  ~NoStatisticsUpdateGuard();
  NoStatisticsUpdateGuard(const NoStatisticsUpdateGuard&) = delete;
  NoStatisticsUpdateGuard& operator=(const NoStatisticsUpdateGuard&) = delete;

  // Whether one lives on this thread; for layers that keep statistics of their own.
  static bool is_active();

 private:
  bool before_;
};

}  // namespace evenkeel
#pragma GCC visibility pop
