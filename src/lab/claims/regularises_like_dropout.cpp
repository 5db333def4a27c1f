#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::regularises_like_dropout {
namespace {

struct Case {
  std::string name;
  bool batch_norm;
  double dropout;
  std::int64_t batch_size;
};

const std::vector<Case> kCases{{"neither", false, 0, 20},
                               {"dropout 0.5", false, 0.5, 20},
                               {"batch norm, batches of 20", true, 0, 20},
                               {"batch norm, batches of 200", true, 0, 200},
                               {"batch norm and dropout", true, 0.5, 20}};

// The standard deviation of one logit of a picture over random batch mates, for growing batches: its slope in a plot with two
// logarithmic axes.
void measure_noise(Trial& trial, Network& network, const Sample& sample) {
  const torch::NoGradGuard no_graph;
  const NoStatisticsUpdateGuard keep_statistics;
  network->train();
  constexpr std::int64_t kDraws = 200;
  std::vector<double> spreads;
  const std::vector<std::int64_t> sizes{4, 8, 16, 32, 64, 128, 256};
  for (const auto size : sizes) {
    std::vector<torch::Tensor> logits;
    for (std::int64_t draw = 0; draw < kDraws; ++draw) {
      const auto mates =
          sample.pictures.index_select(0, torch::randint(1, sample.count(), {size - 1}, torch::kInt64));
      logits.push_back(network->forward(torch::cat({sample.pictures.narrow(0, 0, 1), mates}))[0]);
    }
    const double spread = torch::stack(logits).std(0).mean().item<double>();
    trial.record.point("spread", static_cast<double>(size), spread);
    spreads.push_back(spread);
  }
  // From 16 on: in smaller batches a picture is a good part of its own statistics.
  trial.record.number("exponent of the spread over the batch size, from 16",
                      std::log(spreads.back() / spreads[2]) / std::log(256.0 / 16));
}

void measure_errors(Trial& trial) {
  const auto pictures = trial.setting<std::int64_t>("pictures", 1000);
  const auto epochs = trial.choose<std::int64_t>("epochs", 20, 40, 60);
  const auto sample = some_of(trial.data.train, pictures, trial.seed);
  trial.plan(static_cast<double>(5 * epochs * pictures));
  for (const auto& item : kCases) {
    auto network = make_mlp({.hidden = layers(2, 300),
                             .norm = norm(item.batch_norm ? models::Norm::kBatch : models::Norm::kNone),
                             .dropout = item.dropout},
                            trial.seed);
    const auto per_epoch = pictures / item.batch_size;
    train(trial, network, sample,
          {.learning_rate = 0.1, .batch_size = item.batch_size, .steps = epochs * per_epoch},
          [&](std::int64_t step, double) {
            trial.advance(static_cast<double>(item.batch_size - 1));
            if (step % (2 * per_epoch) == 0)
              trial.record.point(item.name, static_cast<double>(step / per_epoch),
                                 100 - accuracy(network, trial.data.test.first(2000)));
          });
    trial.record.number("test error, " + item.name, 100 - accuracy(network, trial.data.test), "%");
    trial.record.number("training error, " + item.name, 100 - accuracy(network, sample), "%");
    if (item.batch_norm && item.batch_size == 20 && item.dropout == 0) measure_noise(trial, network, sample);
  }
}

Picture errors() {
  Picture picture{.file = "errors",
                  .title = "Test error over the epochs",
                  .x_label = "epoch",
                  .y_label = "test error, %"};
  for (const auto& item : kCases) picture.curves.push_back({item.name, item.name});
  return picture;
}

const Register claim({
    .number = 12,
    .name = "regularises-like-dropout",
    .title = "Batch norm regularises, and can stand in for Dropout",
    .source = "Ioffe & Szegedy 2015, sections 3.4 and 4.2.1",
    .statement = "<p>A picture is normalised by the company it happens to be in, and that is noise: the "
                 "network cannot rely on single values. The smaller the batch, the stronger; "
                 "the spread of an output over random batch mates falls like 1/√m.</p>\n",
    .setup =
        "<p>784-300-300-10 with ReLU on 1000 pictures, others for each seed, SGD with learning rate 0.1. "
        "Measured: the error on all test pictures, and how much the logits of one picture vary with its "
        "batch mates. The rule compares batch norm at a batch size of 20 with the same network "
        "without.</p>\n",
    .published = {{"Inception with batch norm, Dropout removed",
                   "72.2 % at the same accuracy as Inception with Dropout, in fewer steps"}},
    .seconds = 60,
    .networks = 3,
    .measure = measure_errors,
    .rule = {above("test error without − with batch norm, batches of 20",
                   difference("test error, neither", "test error, batch norm, batches of 20"), 0, "points")},
    .pictures = {errors(),
                 {.file = "spread",
                  .title = "How much a logit depends on the batch",
                  .caption = "Standard deviation over 200 draws of batch mates. A straight line that falls "
                             "by half for each fourfold batch is 1/√m.",
                  .x_label = "batch size, logarithmic",
                  .y_label = "spread of a logit, logarithmic",
                  .curves = {{"spread", ""}},
                  .log_x = true,
                  .log_y = true,
                  .markers = true,
                  .x_tics = {{4, "4"}, {16, "16"}, {64, "64"}, {256, "256"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::regularises_like_dropout
