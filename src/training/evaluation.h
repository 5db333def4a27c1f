// How well a network does on pictures it was not trained on.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/data_set.h"
#include "models/model.h"
#include "training/config.h"

namespace evenkeel::models {
class Network;
}

namespace evenkeel::training {

struct Mistake {
  std::int64_t index = 0;  // of the picture
  int predicted = 0;
  double confidence = 0;  // softmax probability of `predicted`
};

struct Evaluation {
  std::int64_t count = 0;
  // [label][predicted]
  std::array<std::array<std::int64_t, models::kClasses>, models::kClasses> confusion{};
  std::vector<Mistake> mistakes;  // the most confident ones first

  double accuracy() const {
    return count == 0 ? 0 : 1 - static_cast<double>(mistakes.size()) / static_cast<double>(count);
  }
};

// In evaluation mode (batch norms use their running statistics); leaves the network in the mode it was in.
Evaluation evaluate(models::Network& network, const data::Pictures& pictures, const data::PixelScale& pixels);

// Throws std::runtime_error with one line unless the run's network can take these pictures.
void check_pictures(const data::DataSet& data, const TrainConfig& config);

}  // namespace evenkeel::training
