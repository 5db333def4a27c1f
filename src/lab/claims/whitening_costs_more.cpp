#include <torch/types.h>

#include <algorithm>
#include <chrono>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/median.h"
#include "lab/networks.h"
#include "lab/training_loop.h"
#include "models/norms/whitening.h"

namespace evenkeel::lab::whitening_costs_more {
namespace {

using models::BatchWhitening;
using models::BatchWhiteningOptions;
using models::WhiteningMethod;
using torch::Tensor;

struct Kind {
  std::string name;
  MakeNorm make;
};

Kind whitening(const std::string& name, models::WhiteningMethod method, std::int64_t iterations = 5) {
  return {name, [=](auto width) {
            return torch::nn::AnyModule(models::BatchWhitening(
                models::BatchWhiteningOptions(width).method(method).iterations(iterations)));
          }};
}

std::vector<Kind> kinds() {
  return {{"batch norm", norm(models::Norm::kBatch)},
          whitening("ZCA", models::WhiteningMethod::kZca),
          whitening("Cholesky", models::WhiteningMethod::kCholesky),
          whitening("IterNorm 5", models::WhiteningMethod::kNewtonSchulz, 5),
          whitening("IterNorm 10", models::WhiteningMethod::kNewtonSchulz, 10)};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A correlated batch of m examples.
Tensor correlated(std::int64_t examples, std::int64_t width) {
  return torch::randn({examples, width}).mm(torch::randn({width, width})) /
         std::sqrt(static_cast<double>(width));
}

double residual(const Tensor& output) {
  const auto centred = output - output.mean(0);
  const auto covariance = centred.t().mm(centred) / static_cast<double>(output.size(0));
  return (covariance - torch::eye(output.size(1))).abs().max().item<double>();
}

// Forward and backward of each kind in turns, so that what disturbs the machine disturbs all alike.
void measure_times(Trial& trial, std::int64_t width) {
  constexpr std::int64_t kExamples = 1024;
  const auto rounds = trial.choose<int>("rounds", 5, 9, 15);
  const auto all = kinds();
  const auto input = correlated(kExamples, width);
  const auto direction = torch::randn_like(input);
  std::vector<torch::nn::AnyModule> layers;
  for (const auto& kind : all) layers.push_back(kind.make(width));
  std::vector<std::vector<double>> times(all.size());
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto x = input.clone().requires_grad_();
      const auto start = std::chrono::steady_clock::now();
      const auto output = layers[i].forward(x);
      output.backward(direction);
      if (round > 0) times[i].push_back(1e3 * seconds_since(start));  // the first warms up
      if (round == 0)
        trial.record.number(fmt::format("residual max |Cov − I|, {}, d = {}", all[i].name, width),
                            residual(output.detach()));
    }
    trial.advance();
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    trial.record.number(fmt::format("forward and backward, {}, d = {}", all[i].name, width), median(times[i]),
                        "ms");
    trial.record.point("time " + all[i].name, static_cast<double>(width), median(times[i]));
  }
  trial.record.number(fmt::format("time of ZCA over batch norm, d = {}", width),
                      median(times[1]) / median(times[0]));
}

void measure_training(Trial& trial, const Kind& kind, std::int64_t steps) {
  auto network = make_mlp({.hidden = layers(3), .norm = kind.make}, trial.seed);
  const auto start = std::chrono::steady_clock::now();
  double looking = 0;  // seconds spent on the accuracy, which are not the training's
  train(trial, network, trial.data.train, {.learning_rate = 0.1, .batch_size = 500, .steps = steps},
        [&](std::int64_t step, double) {
          if (step % 10 != 0) return;
          const double seconds = seconds_since(start) - looking;
          const double reached = accuracy(network, trial.data.test.first(2000));
          trial.record.point("accuracy per step " + kind.name, static_cast<double>(step), reached);
          trial.record.point("accuracy per second " + kind.name, seconds, reached);
          looking = seconds_since(start) - seconds;
        });
  trial.record.number("training, " + kind.name, seconds_since(start) - looking, "s");
  trial.record.number("accuracy, " + kind.name, accuracy(network, trial.data.test), "%");
}

void measure_whitening(Trial& trial) {
  const auto widths = trial.setting("d", std::vector<std::int64_t>{64, 128, 256, 512});
  const auto steps = trial.choose<std::int64_t>("steps", 60, 150, 400);
  trial.setting("examples in a batch", 1024);
  trial.plan(static_cast<double>(widths.size()) * 10 + 5 * static_cast<double>(steps));
  for (const auto width : widths) measure_times(trial, width);
  for (const auto& kind : kinds()) measure_training(trial, kind, steps);
}

std::vector<PictureCurve> all(const std::string& what) {
  std::vector<PictureCurve> curves;
  for (const auto& kind : kinds()) curves.push_back({what + " " + kind.name, kind.name});
  return curves;
}

const Register claim({
    .number = 24,
    .name = "whitening-costs-more",
    .title = "Whitening whole layers costs far more than normalising each channel",
    .source = "Ioffe & Szegedy 2015, sections 2 and 3; Huang et al. 2018 and 2019 (DBN, IterNorm)",
    .statement =
        "<p>The paper wanted whitened inputs, uncorrelated and of unit variance, and gave them up for cost: "
        "whitening needs the covariance matrix, its inverse square root, and the gradient of both. "
        "Later work whitens after all, through an eigendecomposition (ZCA), a Cholesky factor, or a few "
        "Newton–Schulz iterations (IterNorm).</p>\n",
    .formula = "y = Σ<sup>−1/2</sup> (x − μ) &emsp; instead of &emsp; y = diag(Σ)<sup>−1/2</sup> (x − μ)",
    .setup = "<p>(a) Forward and backward of one layer on 1024 correlated examples with d channels, in "
             "turns, medians, on one core; and how far the covariance of the output is from the identity. "
             "(b) 784-3×100-10 with ReLU, learning rate 0.1, batches of 500: accuracy by step, and by "
             "second.</p>\n",
    .seconds = 60,
    .measures_time = true,
    .measure = measure_whitening,
    .rule = {above("ZCA over batch norm, d = 64",
                   measured("time of ZCA over batch norm, d = 64", Scale::kRatio), 1),
             above("growth of that ratio, d = 512 over d = 64",
                   ratio("time of ZCA over batch norm, d = 512", "time of ZCA over batch norm, d = 64"), 1)},
    .pictures = {{.file = "time",
                  .title = "Time of a forward and backward",
                  .x_label = "channels d, logarithmic",
                  .y_label = "ms, logarithmic",
                  .curves = all("time"),
                  .log_x = true,
                  .log_y = true,
                  .markers = true,
                  .x_tics = {{64, "64"}, {128, "128"}, {256, "256"}, {512, "512"}}},
                 {.file = "per-step",
                  .title = "Accuracy by step",
                  .x_label = "step",
                  .y_label = "test accuracy, %",
                  .curves = all("accuracy per step")},
                 {.file = "per-second",
                  .title = "Accuracy by second",
                  .x_label = "seconds of training",
                  .y_label = "test accuracy, %",
                  .curves = all("accuracy per second")}},
});

}  // namespace
}  // namespace evenkeel::lab::whitening_costs_more
