#include <torch/types.h>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::ghost_batches {
namespace {

constexpr std::int64_t kBatch = 2048;

void measure_ghosts(Trial& trial) {
  const auto sample = some_of(trial.data.train, trial.setting<std::int64_t>("pictures", 6000), trial.seed);
  const auto steps = trial.setting<std::int64_t>("steps", 60);
  const std::vector<std::int64_t> sizes{kBatch, 128, 32, 16, 8};
  trial.plan(static_cast<double>(steps) * static_cast<double>(sizes.size()));
  for (const auto size : sizes) {
    auto network = make_mlp({.hidden = layers(2, 300),
                             .norm =
                                 [size](auto width) {
                                   BatchNormOptions options(width);
                                   if (size < kBatch) options.virtual_batch_size(size);
                                   return torch::nn::AnyModule(BatchNorm1d(options));
                                 }},
                            trial.seed);
    train(trial, network, sample,
          {.learning_rate = 0.5, .batch_size = kBatch, .steps = steps, .momentum = 0.9});
    const double error = 100 - accuracy(network, trial.data.test);
    trial.record.number(
        size == kBatch ? "test error, full batch" : fmt::format("test error, ghost batches of {}", size),
        error, "%");
    trial.record.point("error", static_cast<double>(size), error);
  }
}

Quantity gain() {
  return {[](const Record& record) {
    return record["test error, full batch"] -
           (record["test error, ghost batches of 32"] + record["test error, ghost batches of 16"]) / 2;
  }};
}

const Register claim({
    .number = 16,
    .name = "ghost-batches",
    .title = "Ghost batches generalise better where batches are large",
    .source = "Hoffer, Hubara & Soudry 2017, “Train longer, generalize better”",
    .statement =
        "<p>A large batch has statistics with hardly any noise, and so loses the regularisation that batch "
        "norm brings. Normalising it in small parts brings the noise back, while the gradient "
        "stays that of the large batch.</p>\n",
    .setup = "<p>784-300-300-10 with ReLU on 6000 pictures, batches of 2048, SGD with learning rate 0.5 and "
             "momentum 0.9, normalised as one or in parts of 128 to 8. The rule compares the mean error of "
             "parts of 32 and 16 with that of the full batch.</p>\n",
    .seconds = 70,
    .networks = 3,
    .measure = measure_ghosts,
    .rule = {above("test error of the full batch − ghost batches of 16 and 32", gain(), 0.3, "points")},
    .pictures = {{.file = "error",
                  .title = "Test error by the size of the ghost batches",
                  .caption = "The point on the right is the full batch.",
                  .x_label = "pictures normalised together, logarithmic",
                  .y_label = "test error, %",
                  .curves = {{"error", ""}},
                  .log_x = true,
                  .markers = true,
                  .x_tics = {{8, "8"}, {16, "16"}, {32, "32"}, {128, "128"}, {2048, "2048"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::ghost_batches
