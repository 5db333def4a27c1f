#include "lab/measure.h"

#include <torch/torch.h>

#include "lab/trial.h"

namespace evenkeel::lab {

Record measure(const Claim& claim, const training::DataSet& set, std::uint64_t seed, Effort effort,
               const std::function<void(double)>& report) {
  torch::set_num_threads(1);
  torch::manual_seed(seed);
  const Data data(set);
  Trial trial(data, seed, effort, report);
  claim.measure(trial);
  return trial.record;
}

}  // namespace evenkeel::lab
