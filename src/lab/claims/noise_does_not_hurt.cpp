#include <torch/nn/module.h>
#include <torch/utils.h>

#include <cmath>

#include "evenkeel/batch_norm.h"
#include "evenkeel/statistics_update_guard.h"
#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/training_loop.h"

namespace evenkeel::lab::noise_does_not_hurt {
namespace {

using torch::Tensor;

// Batch norm, and then a random shift and scale for each unit, drawn anew in every forward of training: covariate shift on purpose.
class NoisyBatchNormImpl : public torch::nn::Module {
 public:
  NoisyBatchNormImpl(std::int64_t width, double shift)
      : norm_(register_module("norm", BatchNorm1d(width))), shift_(shift) {}

  Tensor forward(const Tensor& input) {
    const auto output = norm_(input);
    if (!is_training()) return output;
    const auto scale = torch::empty({output.size(1)}).uniform_(1 / kScale, kScale);
    const auto shift = torch::empty({output.size(1)}).uniform_(-shift_, shift_);
    return output * scale + shift;
  }

  static constexpr double kScale = 1.25;

 private:
  BatchNorm1d norm_;
  double shift_;
};
TORCH_MODULE(NoisyBatchNorm);

// The means of the units' inputs on the probe pictures, over their deviations.
Tensor means(const Tensor& inputs) { return inputs.mean(0) / (inputs.std(0) + 1e-5); }

void watch(Trial& trial, const std::string& name, const MakeNorm& make, std::int64_t steps) {
  constexpr std::int64_t kEvery = 10;
  auto network = make_mlp({.hidden = layers(5), .norm = make}, trial.seed);
  const auto probe = trial.data.test.first(500);
  Tensor before;
  double moved = 0;
  int counted = 0;
  const double loss =
      train(trial, network, trial.data.train, {.learning_rate = 0.3, .steps = steps},
            [&](std::int64_t step, double value) {
              if (step % kEvery > 1) return;  // two steps in a row
              const torch::NoGradGuard no_graph;
              const NoStatisticsUpdateGuard not_with_test_pictures;
              network->train();
              const auto inputs = nonlinearity_inputs(network, probe.pictures);
              const auto now = means(inputs.at(inputs.size() - 2));
              if (step % kEvery == 1 && before.defined()) {
                const double distance = (now - before).pow(2).mean().sqrt().item<double>();
                trial.record.point("instability " + name, static_cast<double>(step), distance);
                trial.record.point("loss " + name, static_cast<double>(step), value);
                moved += distance;
                ++counted;
              }
              before = now;
            });
  trial.record.number("training loss in the end, " + name, loss);
  trial.record.number("instability of the inputs, " + name, counted > 0 ? moved / counted : std::nan(""));
  trial.record.number("test accuracy, " + name, accuracy(network, trial.data.test), "%");
}

void measure_noise(Trial& trial) {
  const auto steps = trial.choose<std::int64_t>("steps", 800, 800, 3000);
  trial.setting("learning rate", 0.3);
  const auto shifts = trial.setting("shift s, drawn from −s to s", std::vector<double>{.25, .5, 1});
  trial.setting("scale s, drawn from 1/s to s", NoisyBatchNormImpl::kScale);
  trial.plan(static_cast<double>(2 + shifts.size()) * static_cast<double>(steps));
  watch(trial, "without", {}, steps);
  watch(trial, "batch norm", norm(models::Norm::kBatch), steps);
  for (const double shift : shifts)
    watch(
        trial, fmt::format("noise {}", shift),
        [shift](auto width) { return torch::nn::AnyModule(NoisyBatchNorm(width, shift)); }, steps);
}

std::vector<PictureCurve> all(const std::string& what) {
  return {{what + " batch norm", "batch norm"},
          {what + " without", "without"},
          {what + " noise 0.25", "batch norm and noise 0.25"},
          {what + " noise 0.5", "noise 0.5"},
          {what + " noise 1", "noise 1"}};
}

const Register claim({
    .number = 20,
    .name = "noise-does-not-hurt",
    .title = "Covariate shift put back on purpose does not take the benefit away",
    .source = "Santurkar et al. 2018, “How Does Batch Normalization Help Optimization?”, section 2.1",
    .statement = "<p>If stable inputs were what makes batch norm work, then disturbing them should undo it. "
                 "Each unit gets a random shift and scale after batch norm, new in every step. "
                 "Its inputs are then less stable than without any norm, and yet it trains better: the "
                 "stability of inputs cannot be the whole reason.</p>\n",
    .setup = "<p>784-5×100-10 with ReLU, learning rate 0.3, batches of 128: without norm, with batch norm, "
             "and with batch norm followed by noise of three sizes; the rule takes the smallest. "
             "Measured: the training loss over the last tenth of "
             "the steps, and the instability, "
             "which is how far the mean input of a unit of the last hidden layer moves from one step to the "
             "next, in its standard deviations (root mean square over the units).</p>\n",
    .seconds = 10,
    .measure = measure_noise,
    .rule = {below("training loss, batch norm with noise 0.25 over without",
                   ratio("training loss in the end, noise 0.25", "training loss in the end, without"), 1),
             above("instability, batch norm with noise 0.25 over without",
                   ratio("instability of the inputs, noise 0.25", "instability of the inputs, without"), 1)},
    .pictures = {{.file = "loss",
                  .title = "Training loss",
                  .x_label = "step",
                  .y_label = "training loss, logarithmic",
                  .curves = all("loss"),
                  .log_y = true,
                  .smooth = true},
                 {.file = "instability",
                  .title = "How unstable a unit's input is",
                  .x_label = "step",
                  .y_label = "move in one step, logarithmic",
                  .curves = all("instability"),
                  .log_y = true}},
});

}  // namespace
}  // namespace evenkeel::lab::noise_does_not_hurt
