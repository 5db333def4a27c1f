#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>

#include "evenkeel/population_statistics.h"
#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::top_hessian_eigenvalue {
namespace {

using torch::Tensor;

Tensor dot(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  auto sum = torch::zeros({});
  for (std::size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] * b[i]).sum();
  return sum;
}

// The eigenvalue of the Hessian of the loss that is largest in size, by power iteration on products with vectors, each from a double backward.
double top_eigenvalue(Trial& trial, Network& network, const Sample& batch, std::int64_t iterations,
                      const std::string& name) {
  const NoStatisticsUpdateGuard keep_statistics;
  const auto parameters = network->parameters();
  const auto gradient =
      torch::autograd::grad({loss_of(network, batch)}, parameters, {}, /*retain_graph=*/true,
                            /*create_graph=*/true);
  std::vector<Tensor> vector;
  for (const auto& parameter : parameters) vector.push_back(torch::randn_like(parameter));
  double eigenvalue = 0;
  for (std::int64_t i = 1; i <= iterations; ++i) {
    const double norm = dot(vector, vector).sqrt().item<double>();
    for (auto& part : vector) part = (part / norm).detach();
    const auto product =
        torch::autograd::grad({dot(gradient, vector)}, parameters, {}, /*retain_graph=*/true);
    eigenvalue = dot(vector, product).item<double>();
    vector = product;
    trial.record.point("estimate " + name, static_cast<double>(i), std::abs(eigenvalue));
    trial.advance();
  }
  return eigenvalue;
}

// Evaluation mode, with the batch's own statistics: the function is the same, but they no longer move with the weights.
Network with_frozen_statistics(Network& trained, const Sample& batch) {
  auto network = copy_of(trained);
  estimate_population_statistics(*network, 1, [&](std::int64_t) { network->forward(batch.pictures); });
  network->eval();
  return network;
}

void measure_curvature(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("training steps", 200, 400, 400);
  const auto iterations = trial.choose<std::int64_t>("power iterations", 30, 60, 100);
  const auto rate = trial.setting("learning rate", 0.05);
  trial.plan(static_cast<double>(2 * steps + 3 * iterations));
  const auto batch = some_of(trial.data.train, trial.setting<std::int64_t>("pictures", 500), trial.seed);
  const auto trained = [&](models::Norm which) {
    auto network = make_mlp(
        {.hidden = layers(5), .nonlinearity = Nonlinearity::kSoftplus, .norm = norm(which)}, trial.seed);
    train(trial, network, trial.data.train, {.learning_rate = rate, .steps = steps});
    network->train();
    return network;
  };
  auto without = trained(models::Norm::kNone);
  auto with = trained(models::Norm::kBatch);
  auto frozen = with_frozen_statistics(with, batch);
  for (auto& [name, network] : {std::pair<std::string, Network>("batch norm", with),
                                {"frozen statistics", frozen},
                                {"without", without}}) {
    auto handle = network;
    trial.record.number("top eigenvalue, " + name,
                        std::abs(top_eigenvalue(trial, handle, batch, iterations, name)));
  }
}

const Register claim({
    .number = 22,
    .name = "top-hessian-eigenvalue",
    .title = "Batch norm lowers the largest curvature, through the gradient of its statistics",
    .source = "Page 2018, “How to Train Your ResNet 7: Batch Norm”",
    .statement =
        "<p>Gradient descent is stable as long as the learning rate stays below 2 over the largest "
        "eigenvalue of the Hessian. Batch norm lowers it by much, and does so because its statistics move "
        "with the weights: "
        "with the same statistics as constants the function is the same, and its curvature is not.</p>\n",
    .formula = "η &lt; 2 / λ<sub>max</sub>(∇²L)",
    .setup = "<p>784-5×100-10 with a smooth nonlinearity (softplus, β = 10), trained for some hundred steps "
             "with and without batch norm. The top eigenvalue on 500 pictures by power iteration with double "
             "backward: of the network with batch norm, "
             "of the same network with its statistics frozen at those of the batch, and of the network "
             "without.</p>\n",
    .published = {{"top eigenvalue in a ResNet: batch norm, frozen statistics, none", "128, 2246, 3486"}},
    .seconds = 20,
    .networks = 3,
    .measure = measure_curvature,
    .rule = {above("frozen statistics over batch norm",
                   ratio("top eigenvalue, frozen statistics", "top eigenvalue, batch norm"), 3, "times"),
             above("without over batch norm", ratio("top eigenvalue, without", "top eigenvalue, batch norm"),
                   5, "times")},
    .pictures = {{.file = "estimates",
                  .title = "How the power iteration converges",
                  .x_label = "iteration",
                  .y_label = "|λ|, logarithmic",
                  .curves = {{"estimate batch norm", "batch norm"},
                             {"estimate without", "without"},
                             {"estimate frozen statistics", "frozen statistics"}},
                  .log_y = true}},
});

}  // namespace
}  // namespace evenkeel::lab::top_hessian_eigenvalue
