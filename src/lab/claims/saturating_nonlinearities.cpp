#include <torch/types.h>

#include <algorithm>

#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::saturating_nonlinearities {
namespace {

// The gradient of the first layer over that of the last, before any training.
double gradient_ratio(Network& network, const Sample& batch) {
  network->zero_grad();
  loss_of(network, batch).backward();
  const auto linear = linear_layers(network);
  return (linear.front()->weight.grad().norm() / linear.back()->weight.grad().norm()).item<double>();
}

void measure_depths(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 1000, 1000, 3000);
  const auto depths = trial.setting("hidden layers", std::vector<std::int64_t>{5, 8, 12});
  trial.plan(2 * static_cast<double>(steps) * static_cast<double>(depths.size()));
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) {
    double worst = 100;
    double best = 0;
    for (const auto depth : depths) {
      auto network = make_mlp({.hidden = layers(depth),
                               .nonlinearity = Nonlinearity::kSigmoid,
                               .norm = norm(which),
                               .weights = Weights::kFanIn},
                              trial.seed);
      const double ratio = gradient_ratio(network, trial.data.train.first(100));
      trial.record.number(
          fmt::format("gradient of the first over the last layer, {} layers, {}", depth, in_words(which)),
          ratio);
      trial.record.point("gradients " + in_words(which), static_cast<double>(depth), ratio);
      train(trial, network, trial.data.train, {.learning_rate = 0.5, .batch_size = 100, .steps = steps},
            [&](std::int64_t step, double loss) {
              if (depth == 12 && step % 10 == 0)
                trial.record.point("loss " + in_words(which), static_cast<double>(step), loss);
            });
      const double reached = accuracy(network, trial.data.test);
      trial.record.number(fmt::format("accuracy, {} layers, {}", depth, in_words(which)), reached, "%");
      worst = std::min(worst, reached);
      best = std::max(best, reached);
    }
    trial.record.number("worst accuracy " + in_words(which), worst, "%");
    trial.record.number("best accuracy " + in_words(which), best, "%");
  }
}

const Register claim({
    .number = 10,
    .name = "saturating-nonlinearities",
    .title = "Deep networks of sigmoids become trainable",
    .source = "Ioffe & Szegedy 2015, sections 1 and 4.2.2",
    .statement = "<p>A sigmoid passes on at most a quarter of the gradient, and next to none where it "
                 "saturates; twelve of them in a row leave nothing for the "
                 "first layer. Batch norm keeps their inputs in the middle, and brings the gradient back to "
                 "size in every layer.</p>\n",
    .setup = "<p>5, 8 and 12 hidden layers of 100 sigmoids, weights with standard deviation 1/√fan-in, SGD "
             "with learning rate 0.5 in batches of 100. "
             "Measured: the test accuracy, and before training the norm of the gradient of the first layer's "
             "weights over that of the last's.</p>\n",
    .published = {{"Inception with sigmoids on ImageNet, with batch norm", "69.8 %"},
                  {"the same without", "never better than chance (0.1 %)"}},
    .seconds = 60,
    .networks = 3,
    .measure = measure_depths,
    .rule = {below("best accuracy without batch norm", measured("best accuracy without"), 15, "%"),
             above("worst accuracy with batch norm", measured("worst accuracy with batch norm"), 88, "%")},
    .pictures = {{.file = "loss",
                  .title = "Training loss, 12 layers of sigmoids",
                  .x_label = "step",
                  .y_label = "training loss",
                  .curves = {{"loss with batch norm", "with batch norm"}, {"loss without", "without"}},
                  .smooth = true},
                 {.file = "gradients",
                  .title = "How much gradient reaches the first layer",
                  .caption = "The norm of the first layer's gradient over that of the last, before training.",
                  .x_label = "hidden layers",
                  .y_label = "ratio, logarithmic",
                  .curves = {{"gradients with batch norm", "with batch norm"},
                             {"gradients without", "without"}},
                  .log_y = true,
                  .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab::saturating_nonlinearities
