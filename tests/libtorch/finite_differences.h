// Gradients against finite differences, order upon order.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace evenkeel::testing {

using torch::Tensor;
using Inputs = std::vector<Tensor>;
using ScalarFunction = std::function<Tensor(const Inputs&)>;

inline Inputs leaves(const Inputs& inputs) {
  Inputs result;
  for (const Tensor& input : inputs) result.push_back(input.detach().requires_grad_());
  return result;
}

// sum over the inputs of <seed, d function / d input>: a scalar function again, so that orders can be
// stacked.
inline ScalarFunction derivative(ScalarFunction function, const Inputs& inputs) {
  Inputs seeds;
  for (const Tensor& input : inputs) seeds.push_back(torch::randn_like(input));
  return [function = std::move(function), seeds](const Inputs& at) {
    const auto gradients =
        torch::autograd::grad({function(at)}, at, {}, torch::nullopt, /*create_graph=*/true,
                              /*allow_unused=*/true);
    Tensor sum = torch::zeros({}, torch::kDouble);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      if (gradients[i].defined()) sum = sum + (gradients[i] * seeds[i]).sum();
    }
    return sum;
  };
}

// Central differences err by h^2 |f'''| and by rounding / h; h = cbrt(eps) balances them at eps^(2/3) of the
// scale.
inline void expect_gradients_match_differences(const ScalarFunction& function, const Inputs& inputs) {
  const double h = std::cbrt(std::numeric_limits<double>::epsilon());
  const Inputs at = leaves(inputs);
  const auto gradients = torch::autograd::grad({function(at)}, at, {}, torch::nullopt, false, true);
  for (std::size_t i = 0; i < at.size(); ++i) {
    SCOPED_TRACE("input " + std::to_string(i));
    const Tensor analytic = gradients[i].defined() ? gradients[i].contiguous().flatten()
                                                   : torch::zeros(at[i].numel(), torch::kDouble);
    const double scale = std::max(1.0, analytic.abs().max().item<double>());
    for (std::int64_t k = 0; k < at[i].numel(); ++k) {
      const auto moved = [&](double by) {
        Inputs there = leaves(inputs);
        Tensor shifted = inputs[i].contiguous().clone();
        shifted.flatten()[k] += by;
        there[i] = torch::empty_like(inputs[i]).copy_(shifted).requires_grad_();
        return function(there).item<double>();
      };
      EXPECT_NEAR(analytic[k].item<double>(), (moved(h) - moved(-h)) / (2 * h), 1e3 * h * h * scale)
          << "element " << k;
    }
  }
}

}  // namespace evenkeel::testing
