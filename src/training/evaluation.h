// How well a network does on pictures it was not trained on.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "training/config.h"
#include "training/data/data_set.h"
#include "training/run_folder.h"

namespace evenkeel::training {

class Network;

struct Mistake {
  std::int64_t index = 0;  // of the picture
  int predicted = 0;
  double confidence = 0;  // softmax probability of `predicted`
};

inline constexpr int kClasses = 10;

struct Evaluation {
  std::int64_t count = 0;
  // [label][predicted]
  std::array<std::array<std::int64_t, kClasses>, kClasses> confusion{};
  std::vector<Mistake> mistakes;  // the most confident ones first

  double accuracy() const {
    return count == 0 ? 0 : 1 - static_cast<double>(mistakes.size()) / static_cast<double>(count);
  }
};

// In evaluation mode (batch norms use their running statistics); leaves the network in the mode it was in.
Evaluation evaluate(Network& network, const Pictures& pictures, const TrainConfig& config);

// A model of a run, its model.pt or another file, on the test pictures, with that many threads of LibTorch's pool.
Evaluation evaluate(const RunFolder& folder, const std::filesystem::path& model, const DataSet& data,
                    int threads);

// Throws std::runtime_error with one line unless the run's network can take these pictures.
void check_pictures(const DataSet& data, const TrainConfig& config);

}  // namespace evenkeel::training
