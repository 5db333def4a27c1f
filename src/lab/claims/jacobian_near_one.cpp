#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>

#include "lab/claim.h"
#include "lab/networks.h"
#include "lab/trial.h"
#include "models/norms/make_norm.h"

namespace evenkeel::lab::jacobian_near_one {
namespace {

using torch::Tensor;

// d(norm(Wu))/du of the first example of a batch, with the gradient through the statistics.
Tensor jacobian(const Tensor& inputs, const Tensor& weight, const MakeNorm& make) {
  const auto z = inputs.mm(weight.t()).requires_grad_();
  Tensor y = z;
  if (make) {
    auto norm = make(weight.size(0));
    norm.ptr()->to(torch::kFloat64);
    y = norm.forward(z);
  }
  std::vector<Tensor> rows;
  for (std::int64_t unit = 0; unit < weight.size(0); ++unit)
    rows.push_back(torch::autograd::grad({y[0][unit]}, {z}, {}, /*retain_graph=*/true)[0][0]);
  return torch::stack(rows).mm(weight);
}

void measure_spectra(Trial& trial) {
  const auto width = trial.setting<std::int64_t>("width", 100);
  const auto examples = trial.choose<std::int64_t>("examples", 4000, 8000, 20000);
  const auto scales = trial.setting("standard deviations of the weights", std::vector<double>{.01, .1, 1});
  const std::vector<std::pair<std::string, models::Norm>> kinds{{"without", models::Norm::kNone},
                                                                {"with batch norm", models::Norm::kBatch},
                                                                {"with whitening", models::Norm::kWhiten}};
  trial.plan(static_cast<double>(scales.size() * kinds.size()));
  const auto inputs = torch::randn({examples, width}, torch::kFloat64);
  const auto unscaled = torch::randn({width, width}, torch::kFloat64);
  for (const auto& [name, which] : kinds) {
    double lowest = 1e300;
    double highest = 0;
    for (const double scale : scales) {
      const auto values = at::linalg_svdvals(jacobian(inputs, scale * unscaled, norm(which)));
      const double rms = values.pow(2).mean().sqrt().item<double>();
      trial.record.number(fmt::format("rms singular value {}, w = {}", name, scale), rms);
      trial.record.number(fmt::format("smallest singular value {}, w = {}", name, scale),
                          values.min().item<double>());
      trial.record.number(fmt::format("largest singular value {}, w = {}", name, scale),
                          values.max().item<double>());
      if (scale == .1)
        for (std::int64_t i = 0; i < width; ++i)
          trial.record.point("spectrum " + name, static_cast<double>(i + 1), values[i].item<double>());
      lowest = std::min(lowest, rms);
      highest = std::max(highest, rms);
      trial.advance();
    }
    trial.record.number("lowest rms singular value " + name, lowest);
    trial.record.number("highest rms singular value " + name, highest);
  }
}

const Register claim({
    .number = 11,
    .name = "jacobian-near-one",
    .title = "Jacobians have singular values near 1: on average, but not each of them",
    .source = "Ioffe & Szegedy 2015, section 3.3, a conjecture",
    .statement =
        "<p>If a layer's Jacobian has singular values near 1, gradients keep their size on the way through. "
        "The paper conjectures this of layers with batch norm, "
        "assuming Gaussian and uncorrelated values. Their root mean square is 1 indeed, whatever the scale "
        "of the weights. The single values are spread from nearly 0 to 2, because batch norm "
        "leaves the units correlated; only whitening brings every value to 1.</p>\n",
    .formula = "J = ∂BN(Wu)/∂u &emsp; rms(σ<sub>i</sub>(J)) ≈ 1",
    .setup = "<p>A linear layer of 100 units on Gaussian inputs, weights of three sizes w, in float64. The "
             "Jacobian of one example, with the gradient through the statistics, "
             "without any norm, with batch norm, and with ZCA whitening. The rule is about the root mean "
             "square.</p>\n",
    .seconds = 7,
    .measure = measure_spectra,
    .rule = {above("lowest rms singular value with batch norm",
                   measured("lowest rms singular value with batch norm"), 0.95),
             below("highest rms singular value with batch norm",
                   measured("highest rms singular value with batch norm"), 1.3)},
    .pictures = {{.file = "spectrum",
                  .title = "All singular values at w = 0.1",
                  .caption = "Without a norm their size is that of the weights, here w√100 = 1.",
                  .x_label = "number of the singular value",
                  .y_label = "singular value",
                  .curves = {{"spectrum with batch norm", "with batch norm"},
                             {"spectrum without", "without"},
                             {"spectrum with whitening", "with ZCA whitening"}}}},
});

}  // namespace
}  // namespace evenkeel::lab::jacobian_near_one
