#include <torch/types.h>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/trial.h"

namespace evenkeel::lab::scale_invariance {
namespace {

using torch::Tensor;

struct Pass {
  Tensor output, weight_gradient, input_gradient;
};

// BN((aW)u) under a random linear loss.
Pass pass(const Tensor& weight, const Tensor& input, const Tensor& direction, double eps) {
  const auto w = weight.clone().requires_grad_();
  const auto u = input.clone().requires_grad_();
  BatchNorm1d norm(BatchNormOptions(weight.size(1)).eps(eps));
  norm->to(torch::kFloat64);
  const auto output = norm(u.mm(w));
  (output * direction).sum().backward();
  return {output.detach(), w.grad(), u.grad()};
}

double relative_error(const Tensor& found, const Tensor& expected) {
  return ((found - expected).abs().max() / expected.abs().max()).item<double>();
}

void measure_scales(Trial& trial) {
  const auto weight = torch::randn({20, 30}, torch::kFloat64);
  const auto input = torch::randn({64, 20}, torch::kFloat64);
  const auto direction = torch::randn({64, 30}, torch::kFloat64);
  const auto scales = trial.setting("a", std::vector<double>{.01, .1, 10, 100});
  for (const double eps : {0.0, 1e-5}) {
    const std::string where = eps == 0 ? ", ε = 0" : ", ε = 1e-5";
    const auto expected = pass(weight, input, direction, eps);
    double output = 0;
    double gradients = 0;
    for (const double a : scales) {
      const auto found = pass(a * weight, input, direction, eps);
      const double of_output = relative_error(found.output, expected.output);
      const double of_weight = relative_error(a * found.weight_gradient, expected.weight_gradient);
      const double of_input = relative_error(found.input_gradient, expected.input_gradient);
      trial.record.point("output" + where, a, of_output);
      trial.record.point("gradient" + where, a, std::max(of_weight, of_input));
      output = std::max(output, of_output);
      gradients = std::max({gradients, of_weight, of_input});
    }
    trial.record.number("largest error of the output" + where, output);
    trial.record.number("largest error of a gradient" + where, gradients);
  }
}

const Register claim({
    .number = 2,
    .name = "scale-invariance",
    .title = "The scale of the weights does not matter",
    .source = "Ioffe & Szegedy 2015, section 3.3",
    .statement =
        "<p>Weights that are multiplied by a give the same output: the standard deviation takes the factor "
        "away. The gradient that "
        "flows on to the input is the same too, and that of the weights is 1/a of what it was, so large "
        "weights change slowly. "
        "All of it is exact for ε = 0; with the usual 1e-5 it breaks where the variance comes near ε.</p>\n",
    .formula =
        "BN((aW)u) = BN(Wu) &emsp; ∂BN((aW)u)/∂u = ∂BN(Wu)/∂u &emsp; ∂BN((aW)u)/∂(aW) = (1/a) ∂BN(Wu)/∂W",
    .setup = "<p>A linear layer 20→30 and batch norm in float64, on a batch of 64 under a random linear "
             "loss. Each error is the largest "
             "deviation relative to the largest value.</p>\n",
    .seconds = 1,
    .measure = measure_scales,
    .rule = {below("error of the output at ε = 0", measured("largest error of the output, ε = 0"), 1e-12),
             below("error of the gradients at ε = 0", measured("largest error of a gradient, ε = 0"), 1e-12)},
    .pictures = {{.file = "errors",
                  .title = "Where ε breaks the invariance",
                  .caption = "At ε = 0 only rounding is left. At ε = 1e-5 small weights are felt.",
                  .x_label = "a, logarithmic",
                  .y_label = "relative error, logarithmic",
                  .curves = {{"output, ε = 1e-5", "output, ε = 1e-5"},
                             {"gradient, ε = 1e-5", "gradient, ε = 1e-5"},
                             {"output, ε = 0", "output, ε = 0"},
                             {"gradient, ε = 0", "gradient, ε = 0"}},
                  .log_x = true,
                  .log_y = true,
                  .markers = true}},
});

}  // namespace
}  // namespace evenkeel::lab::scale_invariance
