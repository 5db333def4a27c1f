#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>

#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::figure_1 {
namespace {

constexpr std::array kPercentiles{15, 50, 85};
constexpr std::int64_t kRecordEvery = 100;

// The percentiles of what the last sigmoid of one unit gets to see, on the test pictures, normalised by their own statistics.
std::array<double, 3> percentiles(Network& network, const Sample& probe) {
  const torch::NoGradGuard no_graph;
  const NoStatisticsUpdateGuard keep_statistics;
  network->train();
  constexpr std::size_t kBehindLast = 2;
  const auto inputs = nonlinearity_inputs(network, probe.pictures);
  const auto unit = inputs.at(inputs.size() - kBehindLast).select(1, 0).contiguous();
  std::array<double, 3> found{};
  for (std::size_t i = 0; i < found.size(); ++i)
    found[i] = torch::quantile(unit, kPercentiles[i] / 100.0).item<double>();
  return found;
}

struct Bands {
  double narrowest = 1e300;
  double widest = 0;
};

void train_and_watch(Trial& trial, models::Norm which, double rate, std::int64_t steps) {
  const auto name = in_words(which) + (rate == 0.1 ? "" : fmt::format(", learning rate {}", rate));
  const auto probe = trial.data.test.first(2000);
  auto network = make_mlp({.hidden = layers(3),
                           .nonlinearity = Nonlinearity::kSigmoid,
                           .norm = norm(which),
                           .weights = Weights::kConstant,
                           .deviation = 0.1},
                          trial.seed);
  Bands bands;
  const auto record = [&](std::int64_t step) {
    const auto found = percentiles(network, probe);
    for (std::size_t i = 0; i < found.size(); ++i)
      trial.record.point(fmt::format("{} %, {}", kPercentiles[i], name), static_cast<double>(step), found[i]);
    bands.narrowest = std::min(bands.narrowest, found[2] - found[0]);
    bands.widest = std::max(bands.widest, found[2] - found[0]);
    trial.record.point("accuracy " + name, static_cast<double>(step), accuracy(network, probe));
  };
  record(0);
  train(trial, network, trial.data.train, {.learning_rate = rate, .batch_size = 60, .steps = steps},
        [&](std::int64_t step, double) {
          if (step % kRecordEvery == 0) record(step);
        });
  trial.record.number("accuracy " + name, accuracy(network, trial.data.test), "%");
  trial.record.number("widest over narrowest band " + name, bands.widest / bands.narrowest);
}

void measure_figure(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 4000, 6000, 50000);
  trial.setting("batch size", 60);
  trial.plan(4 * static_cast<double>(steps));
  for (const double rate : trial.setting("learning rates", std::vector<double>{0.1, 0.5}))
    for (const auto which : {models::Norm::kBatch, models::Norm::kNone})
      train_and_watch(trial, which, rate, steps);
}

Picture bands(const std::string& name, const std::string& other, const std::string& letter) {
  Picture picture{.file = "bands-" + letter,
                  .title = fmt::format("({}) Input of a sigmoid, {}", letter, name),
                  .caption =
                      "The 15th, 50th and 85th percentile of what one unit of the last hidden layer gets to "
                      "see. Both pictures have one scale.",
                  .x_label = "step",
                  .y_label = "input of the sigmoid"};
  for (const int percentile : kPercentiles) {
    picture.curves.push_back({fmt::format("{} %, {}", percentile, name), fmt::format("{} %", percentile)});
    picture.same_range.push_back(fmt::format("{} %, {}", percentile, other));
  }
  return picture;
}

const Register claim({
    .number = 7,
    .name = "figure-1",
    .title = "Training is faster and better, and a unit's inputs stay where they are",
    .source = "Ioffe & Szegedy 2015, section 4.1, figure 1",
    .statement = "<p>The paper's first experiment: a sigmoid network on MNIST. With batch norm it learns "
                 "faster and gets further, and the distribution of "
                 "what a unit gets to see stays put while the layers below it learn. Without, it wanders and "
                 "spreads.</p>\n",
    .setup = "<p>784-3×100-10 with sigmoids, weights drawn from N(0, 0.1²), SGD in batches of 60. The "
             "percentiles are those of the first unit of the "
             "last hidden layer on 2000 test pictures, from step 0 on. At a learning rate of 0.5 the gap "
             "nearly vanishes; it is shown, and no part of the rule.</p>\n",
    .published = {{"accuracy after 50 000 steps (read off the figure)",
                   "about 98 % with, about 96 % without"}},
    .seconds = 25,
    .measure = measure_figure,
    .rule = {above("accuracy with − without batch norm",
                   difference("accuracy with batch norm", "accuracy without"), 1, "points"),
             above("widest over narrowest band without batch norm",
                   measured("widest over narrowest band without", Scale::kRatio), 5),
             below("widest over narrowest band with batch norm",
                   measured("widest over narrowest band with batch norm", Scale::kRatio), 2.5)},
    .pictures = {{.file = "accuracy",
                  .title = "(a) Test accuracy",
                  .x_label = "step",
                  .y_label = "test accuracy, %",
                  .curves = {{"accuracy with batch norm", "with batch norm"},
                             {"accuracy without", "without"}}},
                 {.file = "accuracy-at-0.5",
                  .title = "The same at learning rate 0.5",
                  .x_label = "step",
                  .y_label = "test accuracy, %",
                  .curves = {{"accuracy with batch norm, learning rate 0.5", "with batch norm"},
                             {"accuracy without, learning rate 0.5", "without"}}},
                 bands("without", "with batch norm", "b"),
                 bands("with batch norm", "without", "c")},
});

}  // namespace
}  // namespace evenkeel::lab::figure_1
