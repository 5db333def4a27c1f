#include <torch/types.h>
#include <torch/utils.h>

#include "evenkeel/batch_norm.h"
#include "lab/claim.h"
#include "lab/trial.h"

namespace evenkeel::lab::can_restore_the_identity {
namespace {

// How far BN(x) is from x when gamma is `gamma` and beta the mean.
double error_with(const torch::Tensor& x, const torch::Tensor& gamma) {
  BatchNorm1d norm(x.size(1));
  norm->to(torch::kFloat64);
  const torch::NoGradGuard no_graph;
  norm->weight.copy_(gamma);
  norm->bias.copy_(x.mean(0));
  return (norm(x) - x).abs().max().item<double>();
}

void measure_identity(Trial& trial) {
  const auto x = 3 + 2 * torch::randn({64, 20}, torch::kFloat64);
  const auto variance = x.var(0, /*unbiased=*/false);
  trial.record.number("largest error with γ = √Var", error_with(x, variance.sqrt()));
  trial.record.number("largest error with γ = √(Var + ε)", error_with(x, (variance + 1e-5).sqrt()));
}

const Register claim({
    .number = 4,
    .name = "can-restore-the-identity",
    .title = "γ and β can give back what normalisation took",
    .source = "Ioffe & Szegedy 2015, section 3",
    .statement = "<p>A normalised layer can represent all that it could before: with γ the standard "
                 "deviation and β the mean, batch norm is the identity. "
                 "The paper writes γ = √Var; exactly it is √(Var + ε).</p>\n",
    .formula = "γ = √(σ² + ε), β = μ &emsp; ⟹ &emsp; BN(x) = x",
    .setup = "<p>A batch of 64 with 20 channels in float64.</p>\n",
    .seconds = 1,
    .measure = measure_identity,
    .rule = {below("error with γ = √(Var + ε)", measured("largest error with γ = √(Var + ε)"), 1e-12)},
});

}  // namespace
}  // namespace evenkeel::lab::can_restore_the_identity
