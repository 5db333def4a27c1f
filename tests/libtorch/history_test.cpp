// Gradients that depend on what happened before or after: a training call between an evaluation and its backward, and derivatives of
// derivatives of a training call. PyTorch's own batch norm gets both silently wrong.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "evenkeel/batch_norm.h"

namespace evenkeel::history_test {
namespace {

using torch::Tensor;

double largest_error(const Tensor& found, const Tensor& expected) {
  return ((found - expected).abs().max() / expected.abs().max()).item<double>();
}

// A critic of a GAN, a teacher and its student: the gradient of an evaluation belongs to the statistics that it was computed with.
TEST(BatchNormHistoryTest, ATrainingCallBetweenAnEvaluationAndItsBackwardChangesNoGradient) {
  torch::manual_seed(10);
  for (const auto dtype : {torch::kDouble, torch::kFloat}) {
    for (const bool with_graph : {false, true}) {
      BatchNorm2d norm(BatchNormOptions(5).activation(Activation::kLeakyReLU));
      norm->to(dtype);
      {
        const torch::NoGradGuard no_graph;
        norm->running_mean.normal_();
        norm->running_var.uniform_(0.5, 2);
        norm->weight.uniform_(0.5, 2);
      }
      const Tensor x = torch::randn({3, 5, 4, 6}, dtype).requires_grad_();
      const Tensor g = torch::randn({3, 5, 4, 6}, dtype);
      norm->eval();
      const auto gradients = [&] {
        const Tensor y = norm(x);
        norm->train();
        norm(torch::randn({4, 5, 3, 3}, dtype) * 40 + 100);  // moves the statistics far away
        norm->eval();
        return torch::autograd::grad({y}, {x, norm->weight, norm->bias}, {g}, true, with_graph);
      };
      const Tensor mean = norm->running_mean.detach().to(torch::kDouble).view({1, -1, 1, 1}).clone();
      const Tensor scale = (norm->running_var.detach().to(torch::kDouble) + 1e-5).rsqrt().view({1, -1, 1, 1});
      const Tensor n = (x.detach().to(torch::kDouble) - mean) * scale;
      const Tensor weight = norm->weight.detach().to(torch::kDouble).view({1, -1, 1, 1});
      const Tensor wide = g.to(torch::kDouble);
      const Tensor passed = torch::where(n * weight > 0, wide, wide * 0.01);
      const auto found = gradients();
      const double room = dtype == torch::kDouble ? 1e-12 : 1e-5;
      EXPECT_LT(largest_error(found[0], weight * scale * passed), room);
      EXPECT_LT(largest_error(found[1], (passed * n).sum({0, 2, 3})), room);
      EXPECT_LT(largest_error(found[2], passed.sum({0, 2, 3})), room);
    }
  }
}

// The Taylor coefficients of q(t)^p, from those of q.
std::vector<Tensor> power_of_series(const std::vector<Tensor>& q, double p, int order) {
  std::vector<Tensor> r{q[0].pow(p)};
  for (int n = 1; n <= order; ++n) {
    Tensor total = torch::zeros_like(q[0]);
    for (int k = 1; k <= std::min<int>(n, static_cast<int>(q.size()) - 1); ++k) {
      total = total + (k * p - (n - k)) * q[static_cast<std::size_t>(k)] * r[static_cast<std::size_t>(n - k)];
    }
    r.push_back(total / (n * q[0]));
  }
  return r;
}

// Along a line x + t v the centred input is a + t b, the variance a quadratic in t, and the output (a + t b) q(t)^-1/2.
TEST(BatchNormHistoryTest, DerivativesOfEveryOrderMatchTheTaylorSeries) {
  constexpr int kOrders = 5;
  constexpr double kEps = 0.25;
  torch::manual_seed(11);
  const auto f64 = torch::dtype(torch::kDouble);
  const Tensor x = torch::randn({7, 3}, f64);
  const Tensor v = torch::randn({7, 3}, f64);
  const Tensor w = torch::randn({7, 3}, f64);
  BatchNorm1d norm(BatchNormOptions(3).eps(kEps).track_running_stats(false));
  norm->to(torch::kDouble);
  {
    const torch::NoGradGuard no_graph;
    norm->weight.uniform_(0.5, 2);
  }
  const Tensor a = x - x.mean(0);
  const Tensor b = v - v.mean(0);
  const auto r =
      power_of_series({(a * a).mean(0) + kEps, 2 * (a * b).mean(0), (b * b).mean(0)}, -0.5, kOrders);
  const Tensor t = torch::zeros({}, f64).requires_grad_();
  Tensor value = (norm(x + t * v) * w).sum();
  double factorial = 1;
  for (int n = 0; n <= kOrders; ++n) {
    if (n > 0) factorial *= n;
    const auto i = static_cast<std::size_t>(n);
    Tensor term = a * r[i];
    if (n > 0) term = term + b * r[i - 1];
    const double expected = factorial * (w * norm->weight.detach() * term).sum().item<double>();
    EXPECT_NEAR(value.item<double>() / expected, 1, 1e-9) << "order " << n;
    if (n < kOrders) value = torch::autograd::grad({value}, {t}, {}, true, /*create_graph=*/true)[0];
  }
}

}  // namespace
}  // namespace evenkeel::history_test
