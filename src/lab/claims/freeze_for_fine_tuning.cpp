#include <torch/types.h>

#include "evenkeel/batch_norm_layer.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/shifts.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::freeze_for_fine_tuning {
namespace {

struct Pair {
  double frozen = 0;
  double active = 0;
};

// Test accuracy after two epochs on few pictures, with frozen statistics and with active ones.
Pair fine_tune(Trial& trial, Network& trained, const Sample& few, const Sample& test,
               std::int64_t batch_size) {
  Pair result;
  for (const bool frozen : {true, false}) {
    auto network = copy_of(trained);
    if (frozen)
      for (auto& [name, layer] : batch_norms(*network)) {
        layer.module().eval();
        layer.freeze({.statistics = true, .mode = true});
      }
    train(trial, network, few,
          {.learning_rate = 0.01, .batch_size = batch_size, .steps = 2 * few.count() / batch_size});
    (frozen ? result.frozen : result.active) = accuracy(network, test);
  }
  return result;
}

void measure_fine_tuning(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps before", 800, 1500, 3000);
  const auto pictures = trial.setting<std::int64_t>("pictures to fine-tune on", 400);
  trial.plan(static_cast<double>(steps + 4 * pictures));
  auto network = make_mlp({.hidden = layers(3), .norm = norm(models::Norm::kBatch)}, trial.seed);
  train(trial, network, trial.data.train, {.learning_rate = 0.1, .steps = steps});

  const auto few = some_of(trial.data.train, pictures, trial.seed);
  const auto same = fine_tune(trial, network, few, trial.data.test, 2);
  const auto shift = with_contrast_and_brightness(0.5, 0.25);
  const auto shifted_test = shifted(trial.data.test, shift);
  const auto shifted_domain = fine_tune(trial, network, shifted(few, shift), shifted_test, 32);
  trial.record.number("accuracy before", accuracy(network, trial.data.test), "%");
  trial.record.number("accuracy before, shifted pictures", accuracy(network, shifted_test), "%");
  trial.record.number("same domain, batches of 2, frozen", same.frozen, "%");
  trial.record.number("same domain, batches of 2, active", same.active, "%");
  trial.record.number("shifted domain, batches of 32, frozen", shifted_domain.frozen, "%");
  trial.record.number("shifted domain, batches of 32, active", shifted_domain.active, "%");
  for (const auto& [name, pair] : {std::pair("same", same), std::pair("shifted", shifted_domain)}) {
    const double place = name == std::string("same") ? 1 : 2;
    trial.record.point("frozen", place, pair.frozen);
    trial.record.point("active", place, pair.active);
  }
}

const Register claim({
    .number = 17,
    .name = "freeze-for-fine-tuning",
    .title = "Freeze the statistics to fine-tune with tiny batches; let them move when the input has changed",
    .source = "practice of object detection (He et al. 2016, Wu & He 2018, section 4.2); Wu & Johnson 2021, "
              "section 5",
    .statement =
        "<p>A trained network has good statistics. Fine-tuning with two pictures in a batch replaces them by "
        "noise, so detectors freeze them. But frozen statistics belong to the data of the first training: "
        "where the new pictures look different, they are wrong, and layers that may adapt do better.</p>\n",
    .setup =
        "<p>784-3×100-10 with batch norm is trained, then fine-tuned for two epochs on 400 pictures with "
        "learning rate 0.01: on pictures as before in batches of 2, and on pictures with contrast halved and "
        "brightness raised "
        "in batches of 32; with the statistics frozen (the layers stay in evaluation mode) or active.</p>\n",
    .seconds = 15,
    .networks = 3,
    .measure = measure_fine_tuning,
    .rule = {above("same domain, batches of 2: frozen − active",
                   difference("same domain, batches of 2, frozen", "same domain, batches of 2, active"), 20,
                   "points"),
             above("shifted domain, batches of 32: active − frozen",
                   difference("shifted domain, batches of 32, active",
                              "shifted domain, batches of 32, frozen"),
                   0, "points")},
    .pictures = {{.file = "accuracy",
                  .title = "Test accuracy after fine-tuning",
                  .x_label = "pictures to fine-tune on",
                  .y_label = "test accuracy, %",
                  .curves = {{"frozen", "frozen statistics"}, {"active", "active statistics"}},
                  .markers = true,
                  .lines = false,
                  .x_tics = {{1, "as before, batches of 2"}, {2, "shifted, batches of 32"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::freeze_for_fine_tuning
