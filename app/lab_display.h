// Shows on standard error how a run of the laboratory goes, and on standard output what each claim came to.
#pragma once

#include <chrono>
#include <string>

#include "lab/laboratory.h"

namespace evenkeel::app {

class LabDisplay : public lab::LabMonitor {
 public:
  LabDisplay();

  void at(const lab::LabStatus& status) override;
  void finished(const lab::Result& result) override;
  void failed(const lab::Claim& claim, std::uint64_t seed, const std::string& why) override;
  bool stop_requested() override;

 private:
  void clear_line() const;

  bool terminal_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace evenkeel::app
