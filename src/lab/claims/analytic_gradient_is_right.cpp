#include <torch/types.h>
#include <torch/utils.h>

#include <array>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/trial.h"

namespace evenkeel::lab::analytic_gradient_is_right {
namespace {

using torch::Tensor;

// The derivative of `loss` in each value of `at`, by differences of fourth order.
Tensor differences(const Tensor& at, const std::function<double()>& loss) {
  constexpr double kStep = 5e-3;
  constexpr std::array<std::pair<int, double>, 4> kStencil{
      {{-2, 1. / 12}, {-1, -8. / 12}, {1, 8. / 12}, {2, -1. / 12}}};
  const torch::NoGradGuard no_graph;
  auto gradient = torch::zeros_like(at);
  auto* values = at.data_ptr<double>();
  for (std::int64_t i = 0; i < at.numel(); ++i) {
    const double before = values[i];
    double sum = 0;
    for (const auto& [place, factor] : kStencil) {
      values[i] = before + place * kStep;
      sum += factor * loss();
    }
    values[i] = before;
    gradient.data_ptr<double>()[i] = sum / kStep;
  }
  return gradient;
}

double relative_error(const Tensor& analytic, const Tensor& numeric) {
  return ((analytic - numeric).norm() / (analytic.norm() + numeric.norm())).item<double>();
}

void measure_gradient(Trial& trial) {
  const auto x = (5 * torch::randn({4, 5}, torch::kFloat64) + 12).requires_grad_();
  const auto direction = torch::randn({4, 5}, torch::kFloat64);
  BatchNorm1d norm(5);
  norm->to(torch::kFloat64);
  {
    const torch::NoGradGuard no_graph;
    norm->weight.copy_(torch::randn({5}));
    norm->bias.copy_(torch::randn({5}));
  }
  const auto loss = [&] { return (norm(x) * direction).sum(); };
  loss().backward();
  for (const auto& [name, tensor] :
       {std::pair("x", x), std::pair("γ", norm->weight), std::pair("β", norm->bias)}) {
    const auto numeric = differences(tensor, [&] { return loss().item<double>(); });
    trial.record.number(fmt::format("error of ∂L/∂{}", name), relative_error(tensor.grad(), numeric));
  }
}

const Register claim({
    .number = 6,
    .name = "analytic-gradient-is-right",
    .title = "The gradient through the statistics is the true one",
    .source = "cs231n, assignment 2; Ioffe & Szegedy 2015, section 3",
    .statement = "<p>Every value of a batch moves the mean and the variance, and with them the output of "
                 "every other value. The backward pass has to "
                 "follow both ways; differences of the loss itself know nothing of how it does that.</p>\n",
    .formula = "∂L/∂x<sub>i</sub> = γ/√(σ² + ε) · ( g<sub>i</sub> − (1/m) Σ g − x̂<sub>i</sub> (1/m) Σ g x̂ )",
    .setup = "<p>cs231n's check: a batch of 4 with 5 channels, x = 5·randn + 12, in float64. The error is "
             "‖analytic − numeric‖ / (‖analytic‖ + ‖numeric‖); "
             "the numeric gradient is by central differences of fourth order, whose own error is below 1e-9 "
             "here.</p>\n",
    .seconds = 1,
    .measure = measure_gradient,
    .rule = {below("error of ∂L/∂x", measured("error of ∂L/∂x"), 1e-8),
             below("error of ∂L/∂γ", measured("error of ∂L/∂γ"), 1e-8),
             below("error of ∂L/∂β", measured("error of ∂L/∂β"), 1e-8)},
});

}  // namespace
}  // namespace evenkeel::lab::analytic_gradient_is_right
