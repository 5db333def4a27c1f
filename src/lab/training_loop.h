// How the claims train: plain loops over shuffled batches.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "lab/networks.h"
#include "lab/trial.h"

namespace evenkeel::lab {

// Batches of a sample, shuffled anew in every epoch; a rest smaller than a batch is left out.
class Batches {
 public:
  Batches(const Sample& sample, std::int64_t size, std::uint64_t seed);
  Sample next();
  std::int64_t per_epoch() const { return std::max<std::int64_t>(sample_.count() / size_, 1); }

 private:
  const Sample sample_;
  std::int64_t size_;
  std::uint64_t seed_;
  std::int64_t step_ = 0;
  std::vector<std::int64_t> order_;
};

// `count` pictures of the sample, others with every seed.
Sample some_of(const Sample& sample, std::int64_t count, std::uint64_t seed);

struct Training {
  double learning_rate = 0.1;
  std::int64_t batch_size = 128;
  std::int64_t steps = 400;
  double momentum = 0;
  double weight_decay = 0;
  bool adam = false;  // instead of SGD
};

using AfterStep = std::function<void(std::int64_t step, double loss)>;  // steps count from 1

// Cross-entropy, in training mode; reports each step as one unit of progress. Stops early, without a word, once the loss
// is not finite: the network is lost then. Returns the mean loss of the last tenth of the steps (NaN when it was lost).
double train(Trial& trial, Network& network, const Sample& sample, const Training& training,
             const AfterStep& after_step = {});

torch::Tensor loss_of(Network& network, const Sample& batch);

// One step of gradient descent without momentum.
void descend(Network& network, double learning_rate);

// Percent that are recognised, in evaluation mode; the network keeps its mode.
double accuracy(Network& network, const Sample& sample);

}  // namespace evenkeel::lab
