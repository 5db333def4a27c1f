#include <torch/nn.h>
#include <torch/optim.h>

#include <cmath>
#include <limits>

#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"
#include "models/resnet9.h"

namespace evenkeel::lab::resnet_needs_batch_norm {
namespace {

using models::ResNet9;

// Page's stress: the learning rate doubles every two epochs until the training breaks down.
double learning_rate(std::int64_t epoch) { return 0.005 * std::pow(2, static_cast<double>(epoch) / 2); }

constexpr double kBroken = 2.2;  // a loss so near that of guessing, ln 10 = 2.30, is none

void stress(Trial& trial, models::Norm which, const Sample& sample, std::int64_t width,
            std::int64_t batch_size, std::int64_t epochs) {
  const std::string name = which == models::Norm::kBatch ? "with batch norm" : "without";
  models::ResNet9 network(which, width);
  draw_weights(*network, Weights::kHe, 0, trial.seed);  // the best chance for the network without
  torch::optim::SGD optimiser(
      network->parameters(), torch::optim::SGDOptions(0.005).momentum(0.9).nesterov(true).weight_decay(5e-4));
  Batches batches(sample, batch_size, trial.seed);
  double largest = 0;
  double best = std::numeric_limits<double>::infinity();
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const double rate = learning_rate(epoch);
    dynamic_cast<torch::optim::SGDOptions&>(optimiser.param_groups()[0].options()).lr(rate);
    double sum = 0;
    for (std::int64_t step = 0; step < batches.per_epoch() && std::isfinite(sum); ++step) {
      const auto batch = batches.next();
      optimiser.zero_grad();
      const auto loss = torch::nn::functional::cross_entropy(network->forward(batch.pictures), batch.labels);
      loss.backward();
      optimiser.step();
      sum += loss.item<double>();
      trial.advance();
    }
    const double loss = sum / static_cast<double>(batches.per_epoch());
    trial.record.point("loss " + name, rate, loss);
    if (!std::isfinite(loss)) break;
    best = std::min(best, loss);
    if (loss < kBroken) largest = rate;
  }
  trial.record.number("largest learning rate that still trains, " + name, largest);
  trial.record.number("lowest training loss, " + name, best);
}

void measure_stress(Trial& trial) {
  const auto width = trial.choose<std::int64_t>("width", 4, 8, 64);
  const auto pictures = trial.choose<std::int64_t>("pictures", 2560, 4096, 50000);
  const auto epochs = trial.choose<std::int64_t>("epochs", 22, 22, 24);
  const auto batch_size = trial.choose<std::int64_t>("batch size", 256, 256, 512);
  auto sample = some_of(trial.data.train, pictures, trial.seed).to_pictures(3);
  const auto of_channels = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat32).view({1, -1, 1, 1});
  };
  sample.pictures =
      (sample.pictures - of_channels(trial.data.pixel_mean)) / of_channels(trial.data.pixel_deviation);
  trial.plan(2.0 * static_cast<double>(epochs) * static_cast<double>(pictures / batch_size));
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch})
    stress(trial, which, sample, width, batch_size, epochs);
}

const Register claim({
    .number = 27,
    .name = "resnet-needs-batch-norm",
    .title = "A small ResNet needs batch norm to bear a high learning rate",
    .source = "Page 2018, “How to Train Your ResNet 7: Batch Norm”",
    .statement = "<p>ResNet-9 trains on CIFAR-10 in 24 epochs, with a learning rate that no network without "
                 "batch norm bears. The stress test lets the learning rate double every two epochs and looks "
                 "at where the training breaks down.</p>\n",
    .formula = "η = 0.005 · 2<sup>epoch/2</sup>",
    .setup =
        "<p>ResNet-9 with batch norm and without, He initialisation, SGD with Nesterov momentum 0.9 and "
        "weight decay 5e-4, on "
        "colour pictures. The width, the pictures and the batch are those in the settings; the published "
        "ones (width 64, all pictures) are for an accelerator. Measured: the largest learning rate at which "
        "the mean training loss of an epoch is below 2.2, guessing being at 2.30.</p>\n",
    .published = {{"ResNet-9 with batch norm in 24 epochs, median of the test accuracy", "94.08 %"}},
    .seconds = 250,
    .colour = true,
    .measure = measure_stress,
    .rule = {above("largest learning rate that trains, with batch norm over without",
                   ratio("largest learning rate that still trains, with batch norm",
                         "largest learning rate that still trains, without"),
                   2, "times")},
    .pictures = {{.file = "loss",
                  .title = "Training loss while the learning rate rises",
                  .caption = "A curve that ends early has left the numbers.",
                  .x_label = "learning rate, logarithmic",
                  .y_label = "training loss",
                  .curves = {{"loss with batch norm", "with batch norm"}, {"loss without", "without"}},
                  .log_x = true,
                  .markers = true,
                  .reference_lines = {2.3026}}},
});

}  // namespace
}  // namespace evenkeel::lab::resnet_needs_batch_norm
