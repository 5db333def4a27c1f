#include <torch/types.h>

#include <algorithm>
#include <limits>

#include "evenkeel/population_statistics.h"
#include "evenkeel/running_statistics.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/shifts.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::test_time_shift {
namespace {

struct NamedShift {
  std::string name;
  Shift shift;
};

std::vector<NamedShift> shifts() {
  return {{"contrast ×0.1", with_contrast_and_brightness(0.1, 0)},
          {"brightness +0.5", with_contrast_and_brightness(1, 0.5)},
          {"both", with_contrast_and_brightness(0.1, 0.5)},
          {"noise", with_noise(0.5)},
          {"moved by 2", moved(2)},
          {"inverted", inverted()}};
}

// The accuracy with statistics measured anew on pictures without labels; those of training are put back.
double adapted_accuracy(Network& network, const Sample& pictures, const Sample& test) {
  StatisticsTransaction rolled_back(*network);
  constexpr std::int64_t kBatch = 1000;
  const auto batches = (pictures.count() + kBatch - 1) / kBatch;
  estimate_population_statistics(*network, batches, [&](std::int64_t batch) {
    network->forward(
        pictures.pictures.narrow(0, batch * kBatch, std::min(kBatch, pictures.count() - batch * kBatch)));
  });
  return accuracy(network, test);
}

Sample only_class(const Sample& sample, int label) {
  return sample.at(torch::nonzero(sample.labels == label).flatten());
}

void measure_shifts(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 800, 1500, 4000);
  const auto many = trial.setting<std::int64_t>("adaptation pictures", 5000);
  const auto few = trial.setting<std::int64_t>("few adaptation pictures", 64);
  trial.plan(static_cast<double>(steps));
  auto network = make_mlp({.hidden = layers(3), .norm = norm(models::Norm::kBatch)}, trial.seed);
  train(trial, network, trial.data.train, {.learning_rate = 0.1, .steps = steps});

  const auto pool = some_of(trial.data.train, many, trial.seed);
  const double unshifted = accuracy(network, trial.data.test);
  double place = 0;
  const auto add = [&](const std::string& name, const Sample& adaptation, const Sample& test) {
    const double before = accuracy(network, test);
    const double after = adapted_accuracy(network, adaptation, test);
    const double after_few = adapted_accuracy(network, adaptation.first(few), test);
    trial.record.number("accuracy, statistics of training, " + name, before, "%");
    trial.record.number("accuracy, adapted, " + name, after, "%");
    trial.record.number(fmt::format("accuracy, adapted on {}, {}", few, name), after_few, "%");
    trial.record.number("gain, " + name, after - before, "points");
    if (before < unshifted)
      trial.record.number("repaired, " + name, 100 * (after - before) / (unshifted - before), "%");
    ++place;
    trial.record.point("of training", place, before);
    trial.record.point("adapted", place, after);
    trial.record.point("adapted on few", place, after_few);
  };
  add("as trained", pool, trial.data.test);
  for (const auto& [name, shift] : shifts()) add(name, shifted(pool, shift), shifted(trial.data.test, shift));
  add("one class", only_class(pool, 1), trial.data.test);
}

std::vector<report::Tic> tics() {
  std::vector<report::Tic> tics{{1, "none"}};
  for (const char* name : {"contr.", "bright", "both", "noise", "moved", "invert", "class"})
    tics.push_back({static_cast<double>(tics.size() + 1), name});
  return tics;
}

// Of what the shifts have cost, the largest, or the smallest, share that new statistics bring back.
Quantity largest_repair(const std::vector<std::string>& names) {
  return {[names](const Record& record) {
    double largest = -std::numeric_limits<double>::infinity();
    for (const auto& name : names) largest = std::max(largest, record["repaired, " + name]);
    return largest;
  }};
}

Quantity smallest_repair(const std::vector<std::string>& names) {
  return {[names](const Record& record) {
    double smallest = std::numeric_limits<double>::infinity();
    for (const auto& name : names) smallest = std::min(smallest, record["repaired, " + name]);
    return smallest;
  }};
}

const Register claim({
    .number = 26,
    .name = "test-time-shift",
    .title = "New statistics repair shifts of scale and brightness, and nothing else",
    .source = "Li et al. 2016 (AdaBN); Schneider et al. 2020; the notes on covariate shift at test time",
    .statement =
        "<p>When the pictures at test time look different, the statistics of training no longer fit. They "
        "can be measured anew on new pictures without any label. That undoes what a channel's mean and "
        "variance can express, "
        "contrast and brightness; noise, movement and inversion it cannot undo. And the new pictures have to "
        "be a fair sample: with one class alone, statistics describe that class.</p>\n",
    .setup = "<p>784-3×100-10 with batch norm, trained on the pictures as they are. Then each shift is done "
             "to the pixels (0 to 1) of the test pictures and of other pictures, on which the exact "
             "population statistics are measured anew: 5000, or 64. "
             "“One class”: unshifted pictures of one digit only.</p>\n",
    .seconds = 20,
    .measure = measure_shifts,
    .rule = {above("of the loss by contrast, brightness and both, smallest share repaired",
                   smallest_repair({"contrast ×0.1", "brightness +0.5", "both"}), 80, "%"),
             below("of the loss by noise, movement and inversion, largest share repaired",
                   largest_repair({"noise", "moved by 2", "inverted"}), 25, "%"),
             below("gain with one class", measured("gain, one class"), 0, "points")},
    .pictures = {{.file = "accuracy",
                  .title = "Test accuracy under shifts",
                  .x_label = "shift",
                  .y_label = "test accuracy, %",
                  .curves = {{"of training", "statistics of training"},
                             {"adapted", "measured anew on 5000"},
                             {"adapted on few", "on 64"}},
                  .markers = true,
                  .lines = false,
                  .x_tics = tics()}},
});

}  // namespace
}  // namespace evenkeel::lab::test_time_shift
