// Shows on standard error how a training run goes: a bar on a terminal, plain lines anywhere else.
#pragma once

#include <chrono>
#include <string>

#include "runs/train_run.h"

namespace evenkeel::app {

class ProgressDisplay : public runs::TrainingMonitor {
 public:
  // The label stands before every line, for instance "batch".
  explicit ProgressDisplay(std::string label);

  void after_step(const training::TrainingStatus& status) override;
  void after_epoch(const training::TrainingStatus& status) override;
  bool stop_requested() override;

 private:
  std::string label_;
  bool terminal_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace evenkeel::app
