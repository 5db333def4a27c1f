#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::normalising_outside_the_gradient {
namespace {

struct Drift {
  double bias = 0;
  double loss_change = 0;
  double nonlinearity = 0;  // how far b after all steps is from ten times b after a tenth of them
};

// x = u + b, normalised, then a loss that would like another mean: plain gradient descent on b.
Drift drift(Trial& trial, const std::string& name,
            const std::function<torch::Tensor(const torch::Tensor&)>& normalise) {
  constexpr int kSteps = 1000;
  torch::manual_seed(trial.seed);
  const auto u = torch::randn({64, 1}, torch::kFloat64);
  auto b = torch::zeros({1}, torch::TensorOptions(torch::kFloat64).requires_grad(true));
  Drift result;
  double first_loss = 0;
  double early = 0;
  for (int step = 1; step <= kSteps; ++step) {
    const auto loss = (normalise(u + b) - 1).pow(2).mean();
    if (step == 1) first_loss = loss.item<double>();
    result.loss_change = std::max(result.loss_change, std::abs(loss.item<double>() - first_loss));
    b.mutable_grad() = torch::Tensor();
    loss.backward();
    const torch::NoGradGuard no_graph;
    b.sub_(0.1 * b.grad());
    if (step == kSteps / 10) early = b.item<double>();
    if (step % 10 == 0) trial.record.point("b " + name, step, b.item<double>());
  }
  result.bias = b.item<double>();
  result.nonlinearity = std::abs(result.bias / (10 * early) - 1);
  return result;
}

void measure_toy(Trial& trial) {
  const auto outside =
      drift(trial, "outside the gradient", [](const auto& x) { return x - x.mean().detach(); });
  BatchNorm1d norm(BatchNormOptions(1).affine(false));
  norm->to(torch::kFloat64);
  const auto inside = drift(trial, "inside", [&norm](const auto& x) { return norm(x); });
  trial.record.number("b after 1000 steps, outside the gradient", outside.bias);
  trial.record.number("deviation of b from a straight line", outside.nonlinearity);
  trial.record.number("change of the loss meanwhile", outside.loss_change);
  trial.record.number("|b| after 1000 steps, batch norm", std::abs(inside.bias));
}

void measure_network(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 800, 1000, 2000);
  trial.plan(2 * static_cast<double>(steps));
  const auto rate = trial.setting("learning rate", 1.0);
  for (const auto which : {models::Norm::kDetached, models::Norm::kBatch}) {
    auto network = make_mlp({.hidden = layers(3),
                             .nonlinearity = Nonlinearity::kSigmoid,
                             .norm = norm(which),
                             .bias_before_norm = true,
                             .weights = Weights::kConstant,
                             .deviation = 0.1},
                            trial.seed);
    const std::string name = which == models::Norm::kBatch ? "inside" : "outside the gradient";
    train(trial, network, trial.data.train, {.learning_rate = rate, .batch_size = 100, .steps = steps},
          [&](std::int64_t step, double loss) {
            if (step % 10 == 0) trial.record.point("loss " + name, static_cast<double>(step), loss);
          });
    trial.record.number("accuracy, statistics " + name, accuracy(network, trial.data.test), "%");
  }
}

const Register claim({
    .number = 9,
    .name = "normalising-outside-the-gradient",
    .title = "Normalising outside the gradient fails",
    .source = "Ioffe & Szegedy 2015, section 2",
    .statement = "<p>If a gradient step does not know that the output is normalised afterwards, it moves a "
                 "bias to change the mean, the normalisation takes the change "
                 "back, and the next step does the same: the bias grows without end while the loss stays as "
                 "it is. The gradient has to go through the statistics.</p>\n",
    .formula = "x̂ = x − E[x], x = u + b: &emsp; u + (b + Δb) − E[u + (b + Δb)] = u + b − E[u + b]",
    .setup = "<p>(a) The paper's example: one value u + b whose mean is taken away as a constant, under the "
             "loss (x̂ − 1)², learning rate 0.1; beside it, batch norm. "
             "(b) 784-3×100-10 with sigmoids and a bias before each norm, weights drawn from N(0, 0.1²), "
             "learning rate 1, batches of 100, "
             "once with batch norm and once "
             "with the same statistics detached from the graph.</p>\n",
    .seconds = 30,
    .networks = 8,
    .measure =
        [](Trial& trial) {
          measure_toy(trial);
          measure_network(trial);
        },
    .rule = {above("b after 1000 steps outside the gradient",
                   measured("b after 1000 steps, outside the gradient"), 100),
             below("deviation of b from a straight line", measured("deviation of b from a straight line"),
                   1e-6),
             below("change of the loss meanwhile", measured("change of the loss meanwhile"), 1e-10),
             below("|b| after 1000 steps with batch norm", measured("|b| after 1000 steps, batch norm"),
                   1e-6),
             below("accuracy with detached statistics", measured("accuracy, statistics outside the gradient"),
                   20, "%"),
             above("accuracy with batch norm", measured("accuracy, statistics inside"), 90, "%")},
    .pictures = {{.file = "bias",
                  .title = "The bias of the toy",
                  .caption = "Outside the gradient it grows with every step, for nothing.",
                  .x_label = "step",
                  .y_label = "b",
                  .curves = {{"b inside", "batch norm"}, {"b outside the gradient", "mean as a constant"}}},
                 {.file = "loss",
                  .title = "The loss of the network",
                  .x_label = "step",
                  .y_label = "training loss",
                  .curves = {{"loss inside", "batch norm"},
                             {"loss outside the gradient", "statistics as constants"}},
                  .smooth = true}},
});

}  // namespace
}  // namespace evenkeel::lab::normalising_outside_the_gradient
