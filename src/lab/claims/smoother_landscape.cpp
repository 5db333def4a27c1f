#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/median.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::smoother_landscape {
namespace {

using torch::Tensor;

const std::vector<double> kSteps{.0125, .025, .05, .1, .2, .4};

struct Roughness {
  double loss_range = 0;       // over the steps
  double gradient_change = 0;  // the largest |change of the gradient| / |step|
};

Tensor flat_gradient(Network& network, const Sample& batch, double* loss) {
  network->zero_grad();
  const auto value = loss_of(network, batch);
  value.backward();
  *loss = value.item<double>();
  std::vector<Tensor> parts;
  for (const auto& parameter : network->parameters()) parts.push_back(parameter.grad().flatten());
  return torch::cat(parts);
}

// The loss and its gradient along the gradient of a batch.
Roughness look_ahead(Network& trained, const Sample& batch) {
  auto network = copy_of(trained);
  network->train();
  const NoStatisticsUpdateGuard keep_statistics;
  double loss = 0;
  const auto gradient = flat_gradient(network, batch, &loss);
  std::vector<Tensor> direction;
  std::vector<Tensor> start;
  for (const auto& parameter : network->parameters()) {
    direction.push_back(parameter.grad().clone());
    start.push_back(parameter.detach().clone());
  }
  Roughness found;
  double lowest = 1e300;
  double highest = -1e300;
  for (const double step : kSteps) {
    {
      const torch::NoGradGuard no_graph;
      auto parameters = network->parameters();
      for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].copy_(start[i] - step * direction[i]);
    }
    const auto there = flat_gradient(network, batch, &loss);
    lowest = std::min(lowest, loss);
    highest = std::max(highest, loss);
    found.gradient_change = std::max(found.gradient_change,
                                     ((there - gradient).norm() / (step * gradient.norm())).item<double>());
  }
  found.loss_range = highest - lowest;
  return found;
}

void walk(Trial& trial, models::Norm which, double rate, std::int64_t steps) {
  constexpr std::int64_t kEvery = 10;
  const auto name = fmt::format("{}, learning rate {}", in_words(which), rate);
  auto network = make_mlp({.hidden = layers(5), .norm = norm(which)}, trial.seed);
  Batches batches(trial.data.train, 128, trial.seed + 1000);
  std::vector<double> ranges;
  std::vector<double> changes;
  train(trial, network, trial.data.train, {.learning_rate = rate, .steps = steps},
        [&](std::int64_t step, double) {
          if (step % kEvery != 0) return;
          const auto found = look_ahead(network, batches.next());
          ranges.push_back(found.loss_range);
          changes.push_back(found.gradient_change);
          trial.record.point("range " + name, static_cast<double>(step), found.loss_range);
          trial.record.point("change " + name, static_cast<double>(step), found.gradient_change);
        });
  trial.record.number("median range of the loss, " + name, median(ranges));
  trial.record.number("median change of the gradient, " + name, median(changes));
}

void measure_landscape(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 200, 400, 2000);
  trial.setting("steps along the gradient", kSteps);
  const auto rates = trial.setting("learning rates", std::vector<double>{.1, .3});
  trial.plan(static_cast<double>(2 * steps) * static_cast<double>(rates.size()));
  for (const double rate : rates)
    for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) walk(trial, which, rate, steps);
}

std::vector<PictureCurve> both(const std::string& what, const std::string& rate) {
  return {{fmt::format("{} with batch norm, learning rate {}", what, rate), "with batch norm"},
          {fmt::format("{} without, learning rate {}", what, rate), "without"}};
}

const Register claim({
    .number = 21,
    .name = "smoother-landscape",
    .title = "Batch norm makes the loss landscape smoother",
    .source = "Santurkar et al. 2018, section 3.1 and figure 4",
    .statement =
        "<p>A gradient is worth following as far as it keeps its promise. Along the gradient of a batch the "
        "loss of a network without norm varies wildly, and so does the gradient itself; with batch norm both "
        "stay close to what was predicted, so larger steps are safe.</p>\n",
    .formula = "max<sub>η</sub> L(w − ηg) − min<sub>η</sub> L(w − ηg) &emsp; max<sub>η</sub> ‖∇L(w − ηg) − "
               "g‖ / ‖ηg‖",
    .setup = "<p>784-5×100-10 with ReLU in batches of 128. Every 10 steps, on a batch of its own, the loss "
             "and the gradient are looked at for steps of 0.0125 to 0.4 along the gradient. Measured: the "
             "median over the training. The rule is about the training with learning rate 0.1; "
             "at 0.3, where the network without norm settles in flatter places, the difference may "
             "disappear.</p>\n",
    .seconds = 6,
    .measure = measure_landscape,
    .rule = {above("median range of the loss at learning rate 0.1, without over with",
                   ratio("median range of the loss, without, learning rate 0.1",
                         "median range of the loss, with batch norm, learning rate 0.1"),
                   5, "times")},
    .pictures = {{.file = "range",
                  .title = "Range of the loss along the gradient, learning rate 0.1",
                  .x_label = "step",
                  .y_label = "range of the loss, logarithmic",
                  .curves = both("range", "0.1"),
                  .log_y = true,
                  .smooth = true},
                 {.file = "range-at-0.3",
                  .title = "The same at learning rate 0.3",
                  .x_label = "step",
                  .y_label = "range of the loss, logarithmic",
                  .curves = both("range", "0.3"),
                  .log_y = true,
                  .smooth = true},
                 {.file = "gradient",
                  .title = "Change of the gradient along it, learning rate 0.1",
                  .x_label = "step",
                  .y_label = "‖Δg‖ / ‖Δw‖, logarithmic",
                  .curves = both("change", "0.1"),
                  .log_y = true,
                  .smooth = true}},
});

}  // namespace
}  // namespace evenkeel::lab::smoother_landscape
