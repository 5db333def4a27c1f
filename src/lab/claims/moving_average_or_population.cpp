#include <torch/types.h>

#include "evenkeel/batch_norm.h"
#include "evenkeel/population_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::moving_average_or_population {
namespace {

void measure_statistics(Trial& trial) {
  const auto steps = trial.setting<std::int64_t>("steps", 300);
  const auto rate = trial.setting("learning rate", 1.0);
  const auto pictures = trial.setting<std::int64_t>("pictures for the population statistics", 10000);
  trial.plan(3 * static_cast<double>(steps));
  const auto sample = trial.data.train.first(pictures);
  for (const double momentum : {.1, .01, .001}) {
    auto network =
        make_mlp({.hidden = layers(3),
                  .norm =
                      [momentum](auto width) {
                        return torch::nn::AnyModule(BatchNorm1d(BatchNormOptions(width).momentum(momentum)));
                      }},
                 trial.seed);
    train(trial, network, trial.data.train, {.learning_rate = rate, .steps = steps});
    const double moving = accuracy(network, trial.data.test);
    constexpr std::int64_t kBatch = 1000;
    estimate_population_statistics(*network, sample.count() / kBatch, [&](std::int64_t batch) {
      network->forward(sample.pictures.narrow(0, batch * kBatch, kBatch));
    });
    const double population = accuracy(network, trial.data.test);
    const auto name = fmt::format("momentum {}", momentum);
    trial.record.number("accuracy with moving averages, " + name, moving, "%");
    trial.record.number("accuracy with population statistics, " + name, population, "%");
    trial.record.point("moving averages", momentum, moving);
    trial.record.point("population statistics", momentum, population);
  }
}

Quantity gain(const std::string& momentum) {
  return difference("accuracy with population statistics, momentum " + momentum,
                    "accuracy with moving averages, momentum " + momentum);
}

const Register claim({
    .number = 15,
    .name = "moving-average-or-population",
    .title = "Moving averages lag behind; population statistics do not",
    .source =
        "Ioffe & Szegedy 2015, algorithm 2; Wu & Johnson 2021, “Rethinking ‘Batch’ in BatchNorm”, section 3",
    .statement = "<p>The paper's inference uses statistics of the whole training set; what is kept in "
                 "practice is a moving average. With a momentum that is small for the number of steps "
                 "it still holds the values from the beginning. Statistics that are measured after training "
                 "do not care.</p>\n",
    .formula = "running ← (1 − momentum) · running + momentum · batch",
    .setup = "<p>784-3×100-10 with ReLU, learning rate 1, 300 steps in batches of 128, the same training "
             "with three momenta. Then the moving averages are replaced by the exact statistics of 10 000 "
             "training pictures, layer by layer.</p>\n",
    .seconds = 10,
    .networks = 3,
    .measure = measure_statistics,
    .rule = {above("population − moving average, momentum 0.001", gain("0.001"), 5, "points"),
             below("population − moving average, momentum 0.1", gain("0.1"), 1, "points")},
    .pictures = {{.file = "accuracy",
                  .title = "Test accuracy by momentum",
                  .x_label = "momentum, logarithmic",
                  .y_label = "test accuracy, %",
                  .curves = {{"population statistics", "population statistics"},
                             {"moving averages", "moving averages"}},
                  .log_x = true,
                  .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab::moving_average_or_population
