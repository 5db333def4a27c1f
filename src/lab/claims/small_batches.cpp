#include <algorithm>

#include "lab/claim.h"
#include "lab/small_cnn.h"
#include "lab/training_loop.h"
#include "models/norms/make_norm.h"

namespace evenkeel::lab::small_batches {
namespace {

const std::vector<std::int64_t> kBatchSizes{2, 4, 8, 16, 32};

void measure_sizes(Trial& trial, const std::string& kind, const std::vector<models::Norm>& norms,
                   const Sample& sample, const Sample& test, std::int64_t epochs,
                   const std::function<Network(models::Norm)>& make) {
  for (const auto which : norms) {
    const auto name = fmt::format("{}{} norm", kind, name_of(which));
    double lowest = 100;
    double highest = 0;
    for (const auto size : kBatchSizes) {
      auto network = make(which);
      train(trial, network, sample,
            {.learning_rate = 0.1 * static_cast<double>(size) / 32,
             .batch_size = size,
             .steps = epochs * sample.count() / size});
      const double error = 100 - accuracy(network, test);
      trial.record.point(name, static_cast<double>(size), error);
      trial.record.number(fmt::format("test error, {}, batches of {}", name, size), error, "%");
      lowest = std::min(lowest, error);
      highest = std::max(highest, error);
    }
    trial.record.number("highest over lowest error, " + name, highest / lowest);
  }
}

void measure_small_batches(Trial& trial) {
  const auto sample = some_of(trial.data.train, trial.setting<std::int64_t>("pictures", 6000), trial.seed);
  const auto epochs = trial.choose<std::int64_t>("epochs", 2, 3, 3);
  const bool with_cnn = trial.effort == Effort::kFull;
  const std::vector<models::Norm> of_mlp{models::Norm::kBatch, models::Norm::kGroup, models::Norm::kLayer,
                                         models::Norm::kRenorm};
  const std::vector<models::Norm> of_cnn{models::Norm::kBatch, models::Norm::kGroup, models::Norm::kInstance};
  double steps = 0;
  for (const auto size : kBatchSizes) steps += static_cast<double>(epochs * sample.count() / size);
  trial.plan(steps * static_cast<double>(of_mlp.size() + (with_cnn ? of_cnn.size() : 0)));

  measure_sizes(trial, "", of_mlp, sample, trial.data.test, epochs, [&](models::Norm which) {
    return make_mlp({.hidden = layers(3), .norm = norm(which)}, trial.seed);
  });
  if (with_cnn)
    measure_sizes(trial, "CNN, ", of_cnn, sample.to_pictures(1), trial.data.test.to_pictures(1), epochs,
                  [&](models::Norm which) {
                    const auto make = [which](auto channels) {
                      return models::make_norm(which, channels, 2);
                    };
                    return make_small_cnn(make, trial.seed);
                  });
}

const Register claim({
    .number = 14,
    .name = "small-batches",
    .title = "Small batches hurt batch norm, and Group Normalization does not care",
    .source = "Wu & He 2018, figure 1 and table 2; Ioffe 2017 (Batch Renormalization)",
    .statement = "<p>The mean and variance of two pictures are a poor estimate of those of all, and what "
                 "inference uses later is something else than what training saw. Norms that "
                 "look at one picture at a time have no batch to be small. Batch Renormalization pulls the "
                 "batch towards the moving averages.</p>\n",
    .setup = "<p>784-3×100-10 with ReLU on 6000 pictures, SGD with learning rate 0.1·(batch size)/32, with "
             "batch norm, Group Normalization in 10 groups, Layer Normalization and Batch "
             "Renormalization. Instance Normalization has one value per channel here and does not apply; "
             "with --full a small CNN has it too. Measured: the test error.</p>\n",
    .published = {{"ResNet-50 on ImageNet, error at batch sizes 32, 16, 8, 4, 2: batch norm",
                   "23.6, 23.7, 24.8, 27.3, 34.7 %"},
                  {"the same with Group Normalization", "24.1, 24.2, 24.0, 24.2, 24.1 %"}},
    .seconds = 50,
    .measure = measure_small_batches,
    .rule = {above("error of batch norm, batches of 2 over batches of 32",
                   ratio("test error, batch norm, batches of 2", "test error, batch norm, batches of 32"), 3,
                   "times"),
             below("error of group norm, highest over lowest",
                   measured("highest over lowest error, group norm", Scale::kRatio), 1.5, "times")},
    .pictures = {{.file = "errors",
                  .title = "Test error by batch size",
                  .x_label = "batch size, logarithmic",
                  .y_label = "test error, %, logarithmic",
                  .curves = {{"batch norm", "batch norm"},
                             {"group norm", "group norm, 10 groups"},
                             {"layer norm", "layer norm"},
                             {"renorm norm", "batch renormalization"},
                             {"CNN, batch norm", "CNN, batch norm"},
                             {"CNN, group norm", "CNN, group norm"},
                             {"CNN, instance norm", "CNN, instance norm"}},
                  .log_x = true,
                  .log_y = true,
                  .markers = true,
                  .x_tics = {{2, "2"}, {4, "4"}, {8, "8"}, {16, "16"}, {32, "32"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::small_batches
