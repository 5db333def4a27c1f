#include <algorithm>
#include <cmath>

#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab {
namespace {

constexpr double kReached = 70;  // percent
constexpr int kScales = 19;      // of the weights, evenly on a logarithmic axis from 1e-4 to 1

void measure_scales(Trial& trial) {
  const auto pictures = trial.setting<std::int64_t>("pictures", 1000);
  const auto steps = trial.setting<std::int64_t>("steps", 200);
  const auto sample = some_of(trial.data.train, pictures, trial.seed);
  trial.plan(2.0 * kScales * static_cast<double>(steps));
  for (const auto which : {Norm::kNone, Norm::kBatch}) {
    double lowest = 0;
    double highest = 0;
    for (int i = 0; i < kScales; ++i) {
      const double scale = std::pow(10, -4 + 4.0 * i / (kScales - 1));
      auto network = make_mlp(
          {.hidden = layers(7, 50), .norm = norm(which), .weights = Weights::kConstant, .deviation = scale},
          trial.seed);
      train(trial, network, sample, {.learning_rate = 1e-3, .batch_size = 50, .steps = steps, .adam = true});
      const double reached = accuracy(network, trial.data.test);
      trial.record.point("accuracy " + in_words(which), scale, reached);
      if (reached < kReached) continue;
      if (lowest == 0) lowest = scale;
      highest = scale;
    }
    trial.record.number("smallest scale that reaches 70 %, " + in_words(which), lowest);
    trial.record.number("largest scale that reaches 70 %, " + in_words(which), highest);
    trial.record.number("range " + in_words(which), lowest > 0 ? highest / lowest : 0);
  }
}

const Register claim({
    .number = 13,
    .name = "insensitive-to-initialisation",
    .title = "The scale of the first weights matters far less",
    .source = "cs231n, assignment 2; Ioffe & Szegedy 2015, section 1",
    .statement = "<p>Without normalisation a deep network learns only if its first weights have the right "
                 "size: too small and the signal dies out on the way, too large and it explodes. "
                 "Batch norm sets the size anew in every layer.</p>\n",
    .setup = "<p>Seven hidden layers of 50 ReLUs on 1000 pictures, Adam with learning rate 1e-3, batches of "
             "50, 10 epochs, for 19 scales of the first weights from 1e-4 to 1. Measured: "
             "the test accuracy, and the range of scales, largest over smallest, that reaches 70 %.</p>\n",
    .seconds = 40,
    .measure = measure_scales,
    .rule = {above("range of scales that works, with batch norm over without",
                   ratio("range with batch norm", "range without"), 9.99, "times")},
    .pictures = {{.file = "accuracy",
                  .title = "Accuracy by the scale of the first weights",
                  .x_label = "standard deviation of the first weights, logarithmic",
                  .y_label = "test accuracy, %",
                  .curves = {{"accuracy with batch norm", "with batch norm"},
                             {"accuracy without", "without"}},
                  .log_x = true,
                  .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab
