#include "lab/measure.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <utility>
#include <vector>

#include "lab/trial.h"

namespace evenkeel::lab {

Record measure(const Claim& claim, const data::DataSet& set, std::uint64_t seed, Effort effort,
               const std::function<void(double)>& report) {
  torch::set_num_threads(1);
  const Data data(set);
  const int networks = effort == Effort::kQuick ? 1 : claim.networks;
  std::vector<Record> records;
  for (int i = 0; i < networks; ++i) {
    const std::uint64_t own_seed = networks == 1 ? seed : 1000 * seed + static_cast<std::uint64_t>(i);
    torch::manual_seed(own_seed);
    Trial trial(data, own_seed, effort, [&](double progress) { report((i + progress) / networks); });
    if (networks > 1) trial.setting("networks averaged in a seed", networks);
    claim.measure(trial);
    records.push_back(std::move(trial.record));
  }
  return mean_of(records);
}

}  // namespace evenkeel::lab
