
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::higher_learning_rates {
namespace {

constexpr double kReached = 92;  // percent

void measure_rates(Trial& trial) {
  const auto rates =
      trial.setting("learning rates", std::vector<double>{.01, .03, .1, .3, 1, 3, 10, 30, 100});
  const auto steps = trial.choose<std::int64_t>("steps", 400, 400, 400);
  trial.plan(static_cast<double>(2 * steps) * static_cast<double>(rates.size()));
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) {
    const std::string name = which == models::Norm::kBatch ? "with batch norm" : "without";
    double largest = 0;  // none
    for (const double rate : rates) {
      auto network = make_mlp({.hidden = layers(5), .norm = norm(which)}, trial.seed);
      train(trial, network, trial.data.train, {.learning_rate = rate, .steps = steps});
      const double reached = accuracy(network, trial.data.test);
      trial.record.point("accuracy " + name, rate, reached);
      if (reached >= kReached) largest = rate;
    }
    trial.record.number("largest learning rate that reaches 92 %, " + name, largest);
  }
}

const Register claim({
    .number = 8,
    .name = "higher-learning-rates",
    .title = "Batch norm allows learning rates that are ten times higher",
    .source = "Ioffe & Szegedy 2015, sections 3.3 and 4.2.1, figure 3",
    .statement = "<p>Without normalisation a step that is too long blows up the activations, or drives them "
                 "where nothing can be learned. "
                 "Batch norm makes a layer indifferent to the size of its weights: a long step lengthens the "
                 "weights, and longer weights take "
                 "smaller steps.</p>\n",
    .setup = "<p>784-5×100-10 with ReLU, He initialisation, plain SGD in batches of 128, with and without "
             "batch norm, at every learning "
             "rate from 0.01 to 100. Measured: the accuracy on the test pictures.</p>\n",
    .published = {{"steps to 72.2 % on ImageNet: Inception", "31.0 million"},
                  {"the same with batch norm", "13.3 million"},
                  {"with batch norm and five times the learning rate", "2.1 million"},
                  {"with thirty times the learning rate", "2.7 million, and 74.8 % in the end"}},
    .seconds = 15,
    .measure = measure_rates,
    .rule = {at_least("largest learning rate that reaches 92 %, with batch norm over without",
                      ratio("largest learning rate that reaches 92 %, with batch norm",
                            "largest learning rate that reaches 92 %, without"),
                      10, "times")},
    .pictures =
        {{.file = "accuracy",
          .title = "Accuracy by learning rate",
          .caption =
              "The higher and the wider a curve is, the less the learning rate has to be searched for.",
          .x_label = "learning rate, logarithmic",
          .y_label = "test accuracy, %",
          .curves = {{"accuracy with batch norm", "with batch norm"}, {"accuracy without", "without"}},
          .log_x = true,
          .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab::higher_learning_rates
