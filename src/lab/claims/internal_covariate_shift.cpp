#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::internal_covariate_shift {
namespace {

using torch::Tensor;

struct Change {
  double relative = 0;  // |G - G'| / |G|
  double cosine = 0;    // of G and G'
};

Tensor gradient(Network& network, const Sample& batch, std::size_t layer) {
  network->zero_grad();
  loss_of(network, batch).backward();
  return linear_layers(network).at(layer)->weight.grad().clone();
}

// How the gradient of one layer changes when the layers before it have made their step: Santurkar et al.'s internal covariate shift.
Change change(Network& trained, const Sample& batch, std::size_t layer, double rate) {
  auto network = copy_of(trained);
  network->train();
  const NoStatisticsUpdateGuard keep_statistics;
  const auto before = gradient(network, batch, layer);
  const auto own = linear_layers(network).at(layer);
  {
    const torch::NoGradGuard no_graph;
    for (const auto& module : network->children()) {
      if (module.get() == own.get()) break;
      for (auto& parameter : module->parameters())
        if (parameter.grad().defined()) parameter.sub_(rate * parameter.grad());
    }
  }
  const auto after = gradient(network, batch, layer);
  return {((before - after).norm() / before.norm()).item<double>(),
          ((before * after).sum() / (before.norm() * after.norm())).item<double>()};
}

// Sorted inputs of the nonlinearities on the probe pictures, a column for each unit.
std::vector<Tensor> sorted_inputs(Network& network, const Sample& probe) {
  const torch::NoGradGuard no_graph;
  const NoStatisticsUpdateGuard keep_statistics;
  network->train();
  auto inputs = nonlinearity_inputs(network, probe.pictures);
  inputs.pop_back();  // the output
  for (auto& input : inputs) input = std::get<0>(input.sort(0));
  return inputs;
}

// Wasserstein-1 distance of two samples of equal size, the mean over the units.
double distance(const Tensor& a, const Tensor& b) { return (a - b).abs().mean().item<double>(); }

void watch(Trial& trial, models::Norm which, double rate, std::int64_t steps) {
  constexpr std::int64_t kEvery = 20;
  constexpr std::size_t kLayers = 6;  // linear ones
  const auto name = in_words(which);
  auto network = make_mlp({.hidden = layers(5), .norm = norm(which)}, trial.seed);
  const auto probe = trial.data.test.first(1000);
  Batches batches(trial.data.train, 128, trial.seed + 1000);
  auto before = sorted_inputs(network, probe);
  double relative = 0;
  double cosine = 0;
  double moved = 0;
  int counted = 0;
  train(trial, network, trial.data.train, {.learning_rate = rate, .steps = steps},
        [&](std::int64_t step, double) {
          if (step % kEvery != 0) return;
          const auto batch = batches.next();
          double mean = 0;
          for (std::size_t layer = 1; layer < kLayers; ++layer) {
            const auto found = change(network, batch, layer, rate);
            mean += found.relative / (kLayers - 1);
            cosine += found.cosine / (kLayers - 1);
          }
          const auto after = sorted_inputs(network, probe);
          double distances = 0;
          for (std::size_t layer = 0; layer < after.size(); ++layer)
            distances += distance(after[layer], before[layer]) / static_cast<double>(after.size());
          before = after;
          trial.record.point("change " + name, static_cast<double>(step), mean);
          trial.record.point("distance " + name, static_cast<double>(step), distances);
          for (const int percentile : {15, 50, 85})
            trial.record.point(
                fmt::format("{} % {}", percentile, name), static_cast<double>(step),
                torch::quantile(after.back().select(1, 0).contiguous(), percentile / 100.0).item<double>());
          relative += mean;
          moved += distances;
          ++counted;
        });
  trial.record.number("relative change of the gradient, " + name, relative / counted);
  trial.record.number("cosine of the gradients, " + name, cosine / counted);
  trial.record.number("Wasserstein distance of the inputs in 20 steps, " + name, moved / counted);
}

void measure_shift(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 300, 600, 2000);
  const auto rate = trial.setting("learning rate", 0.1);
  trial.plan(2 * static_cast<double>(steps));
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) watch(trial, which, rate, steps);
}

std::vector<PictureCurve> both(const std::string& what) {
  return {{what + " with batch norm", "with batch norm"}, {what + " without", "without"}};
}

const Register claim({
    .number = 19,
    .name = "internal-covariate-shift",
    .title = "Batch norm reduces internal covariate shift",
    .source = "Ioffe & Szegedy 2015, section 2; measured as in Santurkar et al. 2018, section 2.2",
    .statement = "<p>Each layer learns while the layers before it change what it gets to see: the paper "
                 "calls this internal covariate shift, and its reduction the reason for all the rest. "
                 "Santurkar et al. measured it as the change of a layer's gradient when the layers before it "
                 "make their step, and found no reduction in their networks. The literature disagrees; here "
                 "is what this network says.</p>\n",
    .formula = "‖G − G′‖ / ‖G‖ &emsp; G = ∇<sub>W<sub>i</sub></sub> L(W<sub>1</sub>, …, W<sub>k</sub>) "
               "&emsp; G′: after W<sub>1</sub>, …, W<sub>i−1</sub> have made their step",
    .setup = "<p>784-5×100-10 with ReLU, learning rate 0.1, batches of 128. Every 20 steps, for each layer "
             "but the first: the relative change and the cosine of the two gradients on one batch; and the "
             "Wasserstein-1 distance "
             "between the inputs of the nonlinearities now and 20 steps before, on 1000 test pictures, mean "
             "over units and layers.</p>\n",
    .published = {{"VGG and deep linear networks (Santurkar et al., figure 2)",
                   "as much change with batch norm as without, or more"}},
    .seconds = 5,
    .measure = measure_shift,
    .rule = {below("relative change of the gradient, with over without",
                   ratio("relative change of the gradient, with batch norm",
                         "relative change of the gradient, without"),
                   1)},
    .pictures = {{.file = "change",
                  .title = "How much a gradient changes under its layer",
                  .caption = "Mean over the layers: what the layers before do to the gradient in one step.",
                  .x_label = "step",
                  .y_label = "‖G − G′‖ / ‖G‖, logarithmic",
                  .curves = both("change"),
                  .log_y = true,
                  .smooth = true},
                 {.file = "distance",
                  .title = "How far the inputs of the nonlinearities move",
                  .caption = "Wasserstein-1 distance to 20 steps before.",
                  .x_label = "step",
                  .y_label = "distance, logarithmic",
                  .curves = both("distance"),
                  .log_y = true},
                 {.file = "percentiles",
                  .title = "Input of one unit of the last hidden layer",
                  .caption = "15th, 50th and 85th percentile.",
                  .x_label = "step",
                  .y_label = "input of the nonlinearity",
                  .curves = {{"15 % with batch norm", "with batch norm", 1},
                             {"50 % with batch norm", "", 1},
                             {"85 % with batch norm", "", 1},
                             {"15 % without", "without", 2},
                             {"50 % without", "", 2},
                             {"85 % without", "", 2}}}},
});

}  // namespace
}  // namespace evenkeel::lab::internal_covariate_shift
