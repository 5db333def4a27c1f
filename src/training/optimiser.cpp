#include "training/optimiser.h"

#include <torch/torch.h>

#include <sstream>
#include <string>
#include <type_traits>

namespace evenkeel::training {
namespace {

using torch::Tensor;
using torch::optim::Adam;
using torch::optim::AdamParamState;
using torch::optim::SGD;
using torch::optim::SGDParamState;

// LibTorch 2 finds a parameter's state by its address, LibTorch 1 by its address as text.
template <typename States>
auto& state_of(States& states, const Tensor& parameter) {
  using Key = typename States::key_type;
  void* address = parameter.unsafeGetTensorImpl();
  if constexpr (std::is_same_v<Key, std::string>) {
    std::ostringstream text;
    text << address;
    return states[text.str()];
  } else {
    return states[address];
  }
}

template <typename State>
State& typed_state(torch::optim::Optimizer& optimizer, const Tensor& parameter) {
  return static_cast<State&>(*state_of(optimizer.state(), parameter));
}

std::unique_ptr<torch::optim::Optimizer> make(const models::Network& network, const TrainConfig& config) {
  if (config.optimiser == OptimiserKind::kAdam)
    return std::make_unique<Adam>(network.parameters(), torch::optim::AdamOptions(config.learning_rate));
  auto options = torch::optim::SGDOptions(config.learning_rate)
                     .momentum(config.momentum)
                     .weight_decay(config.weight_decay)
                     .nesterov(config.momentum > 0);  // LibTorch refuses Nesterov's momentum of 0
  return std::make_unique<SGD>(network.parameters(), options);
}

}  // namespace

Optimiser::Optimiser(const models::Network& network, const TrainConfig& config)
    : network_(network), kind_(config.optimiser), optimizer_(make(network, config)) {
  const auto zeros = [](const Tensor& parameter) {
    return torch::zeros_like(parameter, torch::MemoryFormat::Preserve);
  };
  for (const auto& parameter : network.parameters()) {
    auto& place = state_of(optimizer_->state(), parameter);
    if (kind_ == OptimiserKind::kAdam) {
      auto state = std::make_unique<AdamParamState>();
      state->step(0);
      state->exp_avg(zeros(parameter));
      state->exp_avg_sq(zeros(parameter));
      place = std::move(state);
    } else {
      auto state = std::make_unique<SGDParamState>();
      state->momentum_buffer(zeros(parameter));
      place = std::move(state);
    }
  }
}

void Optimiser::step(double learning_rate) {
  for (auto& group : optimizer_->param_groups()) group.options().set_lr(learning_rate);
  optimizer_->step();
}

model_files::NamedTensors Optimiser::state() const {
  model_files::NamedTensors tensors;
  for (const auto& item : network_.named_parameters()) {
    if (kind_ == OptimiserKind::kAdam) {
      auto& state = typed_state<AdamParamState>(*optimizer_, item.value());
      tensors.insert("adam." + item.key() + ".exp_avg", state.exp_avg());
      tensors.insert("adam." + item.key() + ".exp_avg_sq", state.exp_avg_sq());
    } else {
      tensors.insert("sgd." + item.key() + ".momentum_buffer",
                     typed_state<SGDParamState>(*optimizer_, item.value()).momentum_buffer());
    }
  }
  return tensors;
}

void Optimiser::set_steps(std::int64_t steps) {
  if (kind_ != OptimiserKind::kAdam) return;
  for (const auto& parameter : network_.parameters())
    typed_state<AdamParamState>(*optimizer_, parameter).step(steps);
}

}  // namespace evenkeel::training
