// The optimiser of a run: one of LibTorch's, with a state that can be kept in a checkpoint at any step.
#pragma once

#include <torch/optim/optimizer.h>

#include <cstdint>
#include <memory>

#include "model_files/state_dict.h"
#include "models/network.h"
#include "training/config.h"

namespace evenkeel::training {

class Optimiser {
 public:
  // Gives every parameter the state that LibTorch would give it at its first step.
  Optimiser(const models::Network& network, const TrainConfig& config);

  void zero_grad() { optimizer_->zero_grad(); }
  void step(double learning_rate);

  // adam.NAME.exp_avg and adam.NAME.exp_avg_sq, or sgd.NAME.momentum_buffer, for each parameter: its own, not copies.
  model_files::NamedTensors state() const;

  // How many steps led to the state, which Adam corrects its means by.
  void set_steps(std::int64_t steps);

 private:
  const models::Network& network_;
  OptimiserKind kind_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace evenkeel::training
