// Runs claims: measures the seeds that are not measured yet, side by side, and keeps all there is in the folder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/data_set.h"
#include "lab/lab_folder.h"

namespace evenkeel::lab {

struct LabStatus {
  struct Running {
    std::string claim;
    std::uint64_t seed = 0;
    double progress = 0;  // 0 to 1
  };
  std::vector<Running> running;
  std::size_t done = 0;  // trials, those found in the folder among them
  std::size_t trials = 0;
  double seconds_left = 0;  // NaN while nothing is known
};

// Watches, and may ask to stop.
class LabMonitor {
 public:
  virtual ~LabMonitor() = default;
  virtual void at(const LabStatus& status) = 0;     // several times a second
  virtual void finished(const Result& result) = 0;  // all seeds of a claim
  virtual void failed(const Claim& claim, std::uint64_t seed, const std::string& why) = 0;
  virtual bool stop_requested() = 0;
};

enum class LabOutcome { kDone, kStopped, kFailed };  // kFailed: some seed did

// Measures one seed of a claim and reports its progress, 0 to 1: measure.h has the real one.
using Measure = std::function<Record(const Claim& claim, const data::DataSet& data, std::uint64_t seed,
                                     Effort effort, const std::function<void(double)>& report)>;

// `seeds` seeds of each claim, from 1. A claim that measures time runs alone, after the others. The page and result.json are
// written whenever a claim is finished. To be called while the process has one thread. Throws std::runtime_error with one
// line when data sets or the folder cannot be used.
LabOutcome run_laboratory(const LabFolder& folder, const std::vector<const Claim*>& claims,
                          std::uint64_t seeds, std::size_t workers, const Measure& measure,
                          LabMonitor& monitor);

}  // namespace evenkeel::lab
