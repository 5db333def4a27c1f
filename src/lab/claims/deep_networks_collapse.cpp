#include <torch/types.h>
#include <torch/utils.h>

#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::deep_networks_collapse {
namespace {

using torch::Tensor;

// Of all the variance of a layer's values, the share that is between pictures and not between units: 0 when every picture gives the same.
double share_between_pictures(const Tensor& values) {
  const auto within = values.var(0, false).mean();
  return (within / values.var(false)).item<double>();
}

void measure_collapse(Trial& trial) {
  const auto depth = trial.setting<std::int64_t>("hidden layers", 50);
  const auto width = trial.setting<std::int64_t>("width", 512);
  const auto sample =
      some_of(trial.data.train, trial.choose<std::int64_t>("pictures", 500, 1000, 2000), trial.seed);
  trial.plan(2);
  const torch::NoGradGuard no_graph;
  for (const auto which : {models::Norm::kNone, models::Norm::kBatch}) {
    const auto name = in_words(which);
    auto network = make_mlp({.hidden = layers(depth, width), .norm = norm(which)}, trial.seed);
    network->train();
    const auto inputs = nonlinearity_inputs(network, sample.pictures);
    for (std::size_t layer = 0; layer + 1 < inputs.size(); ++layer)
      trial.record.point("share " + name, static_cast<double>(layer + 1),
                         share_between_pictures(inputs[layer]));
    const auto& logits = inputs.back();
    const auto counts = torch::bincount(logits.argmax(1), {}, 10);
    trial.record.number("share of the variance between pictures, last hidden layer, " + name,
                        share_between_pictures(inputs.at(inputs.size() - 2)));
    trial.record.number("share of the variance between pictures, logits, " + name,
                        share_between_pictures(logits));
    trial.record.number("share of the most predicted class, " + name,
                        counts.max().item<double>() / static_cast<double>(sample.count()));
    trial.advance();
  }
}

const Register claim({
    .number = 23,
    .name = "deep-networks-collapse",
    .title = "Deep networks with random weights are constant functions, unless normalised",
    .source = "Page 2018, “How to Train Your ResNet 7: Batch Norm”",
    .statement = "<p>A ReLU gives values with a positive mean, and each layer adds to what all pictures have "
                 "in common. After fifty layers with random weights all pictures look alike, and the network "
                 "predicts one class. "
                 "Batch norm takes the common part away in every layer, channel by channel.</p>\n",
    .setup =
        "<p>784-50×512-10 with ReLU and He initialisation, without any training. Measured: of the variance "
        "of a layer's values before the nonlinearity, the share that is between pictures within a unit, the "
        "rest being between units; and how many pictures get the most frequent class.</p>\n",
    .seconds = 8,
    .networks = 3,
    .measure = measure_collapse,
    .rule = {below("share of the variance between pictures without batch norm",
                   measured("share of the variance between pictures, last hidden layer, without"), 0.1),
             above("share of the variance between pictures with batch norm",
                   measured("share of the variance between pictures, last hidden layer, with batch norm"),
                   0.9)},
    .pictures = {{.file = "share",
                  .title = "What of the variance tells pictures apart",
                  .x_label = "hidden layer",
                  .y_label = "share of the variance between pictures",
                  .curves = {{"share with batch norm", "with batch norm"}, {"share without", "without"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::deep_networks_collapse
