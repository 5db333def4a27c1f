// How far a training is, for those who watch it.
#pragma once

#include <cstdint>
#include <optional>

namespace evenkeel::training {

struct TrainingStatus {
  std::int64_t step = 0;  // done, of `steps`
  std::int64_t steps = 0;
  std::int64_t epoch = 0;  // from 1, of `epochs`
  std::int64_t epochs = 0;
  double loss = 0;                      // means over the epoch so far
  double accuracy = 0;                  // on the pictures trained on, 0 to 1
  std::optional<double> test_accuracy;  // at the end of an epoch
  double pictures_per_second = 0;
  double seconds_left = 0;
};

}  // namespace evenkeel::training
