// How near an observation has to be to one in float64.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "libtorch/oracle.h"

namespace evenkeel::testing {

inline constexpr double kMagnitudesEps = 1e-5;  // of the norms that are compared

inline double largest(const Tensor& t) {
  return t.defined() && t.numel() > 0 ? t.abs().max().item<double>() : 0;
}

// The sizes of the terms whose rounding makes up the error of each result: a result differs from the exact
// one by a small multiple of the machine epsilon times them.
struct Magnitudes {
  Observation of;  // only its field names matter: each holds a scalar

  Magnitudes(const Experiment& e, const Tensor& mean, const Tensor& variance) {
    const Tensor r = torch::rsqrt(variance + kMagnitudesEps);
    const Tensor n = formula(e.input, {}, {}, mean, variance, kMagnitudesEps).abs();
    const double count = static_cast<double>(e.input.numel()) / static_cast<double>(e.input.size(1));
    const double scale = largest(r);
    const double weight = e.weight.defined() ? largest(e.weight) : 1;
    const double a = largest(e.cotangent_input);
    const double b = largest(e.cotangent_weight);
    const double g = largest(e.grad_output);
    // What the rounding of the mean to the dtype does to n.
    const double conditioning = 1 + largest(mean.flatten() * r.flatten());
    const auto put = [&](Tensor& field, double value) {
      field = torch::tensor(value * conditioning, torch::kDouble);
    };
    put(of.output, weight * largest(n) + largest(e.bias));
    put(of.grad_input, weight * scale * g * (1 + largest(n)));
    put(of.grad_weight, largest((e.grad_output.abs() * n).sum(all_but_channels(n))));
    put(of.grad_bias, largest(e.grad_output.abs().sum(all_but_channels(n))));
    put(of.second_grad_output,
        weight * scale * a * (1 + largest(n)) + b * largest(n) + largest(e.cotangent_bias));
    put(of.second_input, scale * (b * g + weight * scale * a * g) * (1 + largest(n)));
    put(of.second_weight, count * scale * a * g);
  }
};

inline void expect_near(const char* what, const Tensor& got, const Tensor& expected, const Tensor& magnitude,
                        double eps) {
  SCOPED_TRACE(what);
  ASSERT_EQ(got.defined(), expected.defined());
  if (!got.defined()) return;
  ASSERT_EQ(got.sizes(), expected.sizes());
  const double tolerance = 8 * eps * magnitude.item<double>();
  const double error = largest(got.to(torch::kDouble) - expected);
  EXPECT_LE(error, tolerance);
}

inline void expect_near(const Observation& got, const Observation& expected, const Magnitudes& magnitudes,
                        double eps) {
  const Observation& m = magnitudes.of;
  expect_near("output", got.output, expected.output, m.output, eps);
  expect_near("grad_input", got.grad_input, expected.grad_input, m.grad_input, eps);
  expect_near("grad_weight", got.grad_weight, expected.grad_weight, m.grad_weight, eps);
  expect_near("grad_bias", got.grad_bias, expected.grad_bias, m.grad_bias, eps);
  if (!got.second_input.defined()) return;
  expect_near("second grad_output", got.second_grad_output, expected.second_grad_output, m.second_grad_output,
              eps);
  expect_near("second input", got.second_input, expected.second_input, m.second_input, eps);
  expect_near("second weight", got.second_weight, expected.second_weight, m.second_weight, eps);
}

}  // namespace evenkeel::testing
