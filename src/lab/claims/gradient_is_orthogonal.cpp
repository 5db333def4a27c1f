#include <torch/types.h>

#include <cmath>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::gradient_is_orthogonal {
namespace {

// |cos| between each unit's weights and their gradient, the largest one.
double largest_cosine(const torch::Tensor& weight) {
  const auto products = (weight * weight.grad()).sum(1);
  return (products.abs() / (weight.norm(2, 1) * weight.grad().norm(2, 1)).clamp_min(1e-300))
      .max()
      .item<double>();
}

void measure_orthogonality(Trial& trial) {
  const auto steps = trial.setting<std::int64_t>("steps", 200);
  const auto rate = trial.setting("learning rate", 0.5);
  auto network = make_mlp(
      {.inputs = 20,
       .hidden = {30, 30},
       .outputs = 5,
       .norm = [](auto width) { return torch::nn::AnyModule(BatchNorm1d(BatchNormOptions(width).eps(0))); }},
      trial.seed);
  network->to(torch::kFloat64);
  const Sample batch{torch::randn({64, 20}, torch::kFloat64), torch::randint(5, {64}, torch::kInt64)};
  const auto weight = linear_layers(network).at(1)->weight;

  double cosine = 0;
  double predicted = weight.pow(2).sum().item<double>();
  trial.record.point("norm", 0, predicted);
  trial.record.point("predicted", 0, predicted);
  for (std::int64_t step = 1; step <= steps; ++step) {
    network->zero_grad();
    loss_of(network, batch).backward();
    cosine = std::max(cosine, largest_cosine(weight));
    predicted += rate * rate * weight.grad().pow(2).sum().item<double>();
    descend(network, rate);
    trial.record.point("norm", static_cast<double>(step), weight.pow(2).sum().item<double>());
    trial.record.point("predicted", static_cast<double>(step), predicted);
  }
  const double found = weight.pow(2).sum().item<double>();
  trial.record.number("largest |cos(W, g)|", cosine);
  trial.record.number("‖W‖² in the end", found);
  trial.record.number("‖W‖² predicted", predicted);
  trial.record.number("relative difference of the two", std::abs(found - predicted) / predicted);
}

const Register claim({
    .number = 3,
    .name = "gradient-is-orthogonal",
    .title = "The gradient is orthogonal to the weights, so they can only grow",
    .source = "follows from Ioffe & Szegedy 2015, section 3.3; van Laarhoven 2017",
    .statement =
        "<p>When the scale of a unit's weights has no effect, moving along them changes nothing, and the "
        "gradient has no part in "
        "that direction. By Pythagoras every plain gradient step then makes them longer, and since longer "
        "weights have smaller "
        "gradients, the layer slows itself down: a learning rate that is too high cures itself.</p>\n",
    .formula = "W · g = 0 &emsp; ‖W<sub>t</sub>‖² = ‖W<sub>0</sub>‖² + Σ η²‖g‖²",
    .setup = "<p>20-30-30-5 with batch norm at ε = 0 in float64 on one random batch of 64; every unit of the "
             "second layer is looked at, at "
             "every step of plain gradient descent.</p>\n",
    .seconds = 1,
    .measure = measure_orthogonality,
    .rule = {below("|cos(W, g)|", measured("largest |cos(W, g)|"), 1e-12),
             below("difference of the two sides", measured("relative difference of the two"), 1e-12)},
    .pictures = {{.file = "growth",
                  .title = "How the weights grow",
                  .caption = "Both curves lie on each other.",
                  .x_label = "step",
                  .y_label = "‖W‖²",
                  .curves = {{"norm", "‖W‖²"}, {"predicted", "‖W₀‖² + Σ η²‖g‖²"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::gradient_is_orthogonal
