#include <torch/types.h>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/trial.h"

namespace evenkeel::lab::bias_is_redundant {
namespace {

void measure_bias(Trial& trial) {
  const auto x = torch::randn({64, 20}, torch::kFloat64);
  const auto weight = torch::randn({20, 30}, torch::kFloat64);
  const auto direction = torch::randn({64, 30}, torch::kFloat64);
  auto bias = torch::randn({30}, torch::kFloat64).requires_grad_();
  BatchNorm1d norm(30);
  norm->to(torch::kFloat64);

  const auto output = norm(x.mm(weight) + bias);
  const auto loss = (output * direction).pow(2).sum();
  loss.backward();
  const auto moved = norm(x.mm(weight) + bias + 10 * torch::randn({30}, torch::kFloat64));

  trial.record.number("largest |∂L/∂b|, relative to L",
                      bias.grad().abs().max().item<double>() / loss.item<double>());
  trial.record.number("largest change of the output when b changes by 10·randn",
                      (moved - output).abs().max().item<double>());
}

const Register claim({
    .number = 1,
    .name = "bias-is-redundant",
    .title = "A bias before batch norm is redundant",
    .source = "Ioffe & Szegedy 2015, section 3.2",
    .statement = "<p>Whatever is added to every value of a channel, the mean takes it away again. The bias "
                 "of the layer before "
                 "has no effect, and its gradient is zero: β does its work.</p>\n",
    .formula = "BN(Wu + b) = BN(Wu) &emsp; ∂L/∂b = 0",
    .setup = "<p>A linear layer 20→30 with a bias, then batch norm, on a batch of 64 in float64, under a "
             "random quadratic loss. Measured: the "
             "gradient of the bias, and how far the output moves when the bias does.</p>\n",
    .seconds = 1,
    .measure = measure_bias,
    .rule = {below("|∂L/∂b| / L", measured("largest |∂L/∂b|, relative to L"), 1e-12),
             below("change of the output",
                   measured("largest change of the output when b changes by 10·randn"), 1e-12)},
});

}  // namespace
}  // namespace evenkeel::lab::bias_is_redundant
