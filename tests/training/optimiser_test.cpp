#include "training/optimiser.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <string>

#include "models/digit_network.h"

namespace evenkeel::training::optimiser_test {
namespace {

using torch::Tensor;

TrainConfig sgd(double momentum, double weight_decay) {
  TrainConfig config;
  config.optimiser = OptimiserKind::kSgd;
  config.momentum = momentum;
  config.weight_decay = weight_decay;
  return config;
}

models::DigitNetwork seeded() {
  torch::manual_seed(3);
  models::DigitNetwork network(models::Norm::kBatch);
  network->to(torch::kDouble);
  return network;
}

// Gradients that depend on the step alone.
void set_gradients(const models::Network& network, int step) {
  torch::manual_seed(static_cast<std::uint64_t>(100 + step));
  for (auto& parameter : network.parameters()) parameter.mutable_grad() = torch::randn_like(parameter);
}

// g' = g + d w, v = m v + g', w = w - r (g' + m v): Nesterov's momentum as PyTorch writes it.
TEST(OptimiserTest, SgdFollowsTheFormulaOfNesterovsMomentumWithAChangingRate) {
  const double m = 0.9, d = 0.05;
  auto network = seeded();
  auto reference = seeded();
  Optimiser optimiser(*network, sgd(m, d));
  std::map<std::string, Tensor> velocity;
  const torch::NoGradGuard no_graph;
  for (int step = 0; step < 4; ++step) {
    const double rate = 0.1 * step;
    set_gradients(*network, step);
    set_gradients(*reference, step);
    optimiser.step(rate);
    for (auto& item : reference->named_parameters()) {
      const auto gradient = item.value().grad() + d * item.value();
      auto& v = velocity[item.key()];
      v = v.defined() ? m * v + gradient : gradient;
      item.value() -= rate * (gradient + m * v);
    }
  }
  for (const auto& item : reference->named_parameters()) {
    const auto found = network->named_parameters()[item.key()];
    // Values near 1 after four steps in float64.
    EXPECT_LT((found - item.value()).abs().max().item<double>(), 1e-14) << item.key();
    EXPECT_LT((optimiser.state()["sgd." + item.key() + ".momentum_buffer"] - velocity[item.key()])
                  .abs()
                  .max()
                  .item<double>(),
              1e-13)
        << item.key();
  }
}

TEST(OptimiserTest, SgdWithoutMomentumIsTheGradientAlone) {
  auto network = seeded();
  auto reference = seeded();
  Optimiser optimiser(*network, sgd(0, 0));
  const torch::NoGradGuard no_graph;
  set_gradients(*network, 1);
  optimiser.step(0.5);
  for (const auto& item : reference->named_parameters()) {
    const auto found = network->named_parameters()[item.key()];
    EXPECT_TRUE(found.allclose(item.value() - 0.5 * found.grad(), 1e-15, 1e-15)) << item.key();
  }
}

// What LibTorch's own Adam does when nobody prepared its state.
TEST(OptimiserTest, AdamIsLibTorchs) {
  auto network = seeded();
  auto reference = seeded();
  Optimiser optimiser(*network, TrainConfig{});
  torch::optim::Adam adam(reference->parameters(), torch::optim::AdamOptions(1e-3));
  for (int step = 0; step < 3; ++step) {
    set_gradients(*network, step);
    set_gradients(*reference, step);
    optimiser.step(1e-3);
    adam.step();
  }
  for (const auto& item : reference->named_parameters())
    EXPECT_TRUE(item.value().equal(network->named_parameters()[item.key()])) << item.key();
}

}  // namespace
}  // namespace evenkeel::training::optimiser_test
