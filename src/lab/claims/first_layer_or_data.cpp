#include <torch/types.h>

#include <cmath>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::first_layer_or_data {
namespace {

enum class Way { kRaw, kData, kFirst, kHidden };

const std::vector<std::pair<std::string, Way>> kWays{{"raw", Way::kRaw},
                                                     {"normalised data", Way::kData},
                                                     {"batch norm first", Way::kFirst},
                                                     {"hidden batch norm", Way::kHidden}};

Network make(Way way, std::int64_t pixels, std::uint64_t seed) {
  auto network = make_mlp({.inputs = pixels,
                           .hidden = layers(3),
                           .norm = norm(way == Way::kHidden ? models::Norm::kBatch : models::Norm::kNone)},
                          seed);
  if (way != Way::kFirst) return network;
  Network with_first;
  with_first->push_back(BatchNorm1d(pixels));
  for (auto layer = network->begin(); layer != network->end(); ++layer) with_first->push_back(*layer);
  return with_first;
}

// Pixels from 0 to `highest`; or normalised, with their own mean and deviation.
Sample scaled(const Data& data, const Sample& sample, double highest, bool normalise) {
  const auto pixels = sample.pictures * highest;
  if (!normalise) return {pixels, sample.labels};
  return {(pixels - data.pixel_mean.at(0) * highest) / (data.pixel_deviation.at(0) * highest), sample.labels};
}

void measure_scales(Trial& trial) {
  const auto steps = trial.setting<std::int64_t>("steps", 400);
  trial.setting("learning rate", 0.1);
  trial.plan(static_cast<double>(2 * steps) * static_cast<double>(kWays.size()));
  for (const auto& [name, way] : kWays) {
    double reached[2] = {};
    for (const bool large : {false, true}) {
      const double highest = large ? 255 : 1;
      auto network = make(way, trial.data.pixels, trial.seed);
      train(trial, network, scaled(trial.data, trial.data.train, highest, way == Way::kData),
            {.steps = steps});
      reached[large] = accuracy(network, scaled(trial.data, trial.data.test, highest, way == Way::kData));
      trial.record.number(fmt::format("accuracy, {}, pixels to {}", name, highest), reached[large], "%");
      trial.record.point(name, large ? 2 : 1, reached[large]);
    }
    trial.record.number("change by the input's scale, " + name, std::abs(reached[1] - reached[0]), "points");
  }
}

const Register claim({
    .number = 18,
    .name = "first-layer-or-data",
    .title = "Batch norm as the first layer does what normalising the data does",
    .source = "the notes; LeCun et al. 1998, “Efficient BackProp”, section 4.3",
    .statement = "<p>Inputs of another scale need another learning rate, so data are normalised before "
                 "training. A batch norm on the input does the same while training, and batch norms on "
                 "hidden layers take the scale away one layer later.</p>\n",
    .setup = "<p>784-3×100-10 with ReLU, learning rate 0.1, 400 steps in batches of 128, on pixels from 0 to "
             "1 and from 0 to 255: as they are, normalised by their mean and deviation, with a batch norm on "
             "the input, and with batch norms on the hidden layers only.</p>\n",
    .seconds = 5,
    .measure = measure_scales,
    .rule = {below("accuracy on raw pixels to 255", measured("accuracy, raw, pixels to 255"), 30, "%"),
             below("change by the scale, normalised data",
                   measured("change by the input's scale, normalised data"), 0.5, "points"),
             below("change by the scale, batch norm first",
                   measured("change by the input's scale, batch norm first"), 0.5, "points"),
             below("change by the scale, hidden batch norm",
                   measured("change by the input's scale, hidden batch norm"), 0.5, "points")},
    .pictures = {{.file = "accuracy",
                  .title = "Test accuracy by the scale of the input",
                  .x_label = "pixels",
                  .y_label = "test accuracy, %",
                  .curves = {{"raw", "raw pixels"},
                             {"normalised data", "normalised data"},
                             {"batch norm first", "batch norm first"},
                             {"hidden batch norm", "batch norm on hidden layers"}},
                  .markers = true,
                  .x_tics = {{1, "0 to 1"}, {2, "0 to 255"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::first_layer_or_data
