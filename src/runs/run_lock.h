// Keeps two processes from training the same run at once.
#pragma once

#include "runs/run_folder.h"

namespace evenkeel::runs {

// Held while it lives; the system lets go of it when the process ends, however it ends.
class RunLock {
 public:
  // Throws std::runtime_error with one line when another process holds it.
  explicit RunLock(const RunFolder& folder);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

 private:
  int descriptor_;
};

}  // namespace evenkeel::runs
