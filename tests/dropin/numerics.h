// How far results and gradients of a training batch norm are from the exact ones, for inputs with a mean of many deviations.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "evenkeel/functional.h"
#include "libtorch/oracle.h"

namespace evenkeel::numerics {

using torch::Tensor;

// One training call of a batch of random values and gradients.
struct Batch {
  Tensor input, grad_output, weight, bias;

  // Half of the gradients' mean is not zero, so that an error of the mean shows in the gradient of the weight. Values that a
  // dtype cannot tell apart are the same for everybody: what is exact is the formula of the values as they are.
  static Batch draw(double mean, torch::Dtype dtype, testing::Layout layout) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(20);
    const std::vector<std::int64_t> sizes{8, 6, 32, 32};
    const auto f64 = torch::dtype(torch::kDouble);
    const auto stored = [&](const Tensor& values) { return testing::lay_out(values.to(dtype), layout); };
    const auto parameters = dtype == torch::kDouble ? torch::kDouble : torch::kFloat;
    return {stored(torch::randn(sizes, generator, f64) + mean),
            stored(torch::randn(sizes, generator, f64) + 0.5),
            (torch::rand({6}, generator, f64) * 1.5 + 0.5).to(parameters),
            torch::randn({6}, generator, f64).to(parameters)};
  }
};

// output, gradients of input, weight and bias, and the running statistics that momentum 1 makes the batch's.
struct Results {
  Tensor output, grad_input, grad_weight, grad_bias, mean, variance;
};

using Norm = std::function<Tensor(const Tensor& input, const Tensor& weight, const Tensor& bias,
                                  const Tensor& mean, const Tensor& variance)>;

inline constexpr double kEps = 1e-5;

inline Results results_of(const Batch& batch, const Norm& norm) {
  const auto leaf = [](const Tensor& values) { return values.detach().requires_grad_(); };
  const Tensor input = leaf(batch.input);
  const Tensor weight = leaf(batch.weight);
  const Tensor bias = leaf(batch.bias);
  Results seen;
  seen.mean = torch::zeros_like(batch.weight);
  seen.variance = torch::ones_like(batch.weight);
  seen.output = norm(input, weight, bias, seen.mean, seen.variance);
  const auto gradients = torch::autograd::grad({seen.output}, {input, weight, bias}, {batch.grad_output});
  seen.grad_input = gradients[0];
  seen.grad_weight = gradients[1];
  seen.grad_bias = gradients[2];
  return seen;
}

// In closed form, in float64.
inline Results exact_results(const Batch& batch) {
  const std::vector<std::int64_t> others{0, 2, 3};
  const auto spread = [](const Tensor& values) { return values.to(torch::kDouble).reshape({1, -1, 1, 1}); };
  const Tensor x = batch.input.to(torch::kDouble);
  const Tensor g = batch.grad_output.to(torch::kDouble);
  const Tensor mean = x.mean(others, true);
  const Tensor centred = x - mean;
  const Tensor variance = centred.square().mean(others, true);
  const Tensor scale = torch::rsqrt(variance + kEps);
  const Tensor n = centred * scale;
  const double count = static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
  return {spread(batch.weight) * n + spread(batch.bias),
          spread(batch.weight) * scale * (g - g.mean(others, true) - n * (g * n).mean(others, true)),
          (g * n).sum(others),
          g.sum(others),
          mean.flatten(),
          variance.flatten() * (count / (count - 1))};
}

// The largest errors: of output and input gradient against the largest value, of the sums against the root of their summands'
// squares, of the statistics against their own size.
struct Errors {
  double output, grad_input, grad_weight, grad_bias, mean, variance;

  std::vector<double> all() const { return {output, grad_input, grad_weight, grad_bias, mean, variance}; }
};

inline Errors errors_of(const Batch& batch, const Results& got) {
  const Results exact = exact_results(batch);
  const auto difference = [](const Tensor& a, const Tensor& b) { return (a.to(torch::kDouble) - b).abs(); };
  const auto largest = [](const Tensor& values) { return values.max().item<double>(); };
  const Tensor size = batch.grad_output.to(torch::kDouble).square().sum({0, 2, 3}).sqrt();
  return {largest(difference(got.output, exact.output)) / largest(exact.output.abs()),
          largest(difference(got.grad_input, exact.grad_input)) / largest(exact.grad_input.abs()),
          largest(difference(got.grad_weight, exact.grad_weight) / size),
          largest(difference(got.grad_bias, exact.grad_bias) / size),
          largest(difference(got.mean, exact.mean) / (exact.mean.square() + exact.variance).sqrt()),
          largest(difference(got.variance, exact.variance) / exact.variance)};
}

// The two ways to Evenkeel's kernels; the first is PyTorch's own while they are not replaced.
inline Tensor by_operator(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                          const Tensor& variance) {
  return torch::batch_norm(input, weight, bias, mean, variance, /*training=*/true, /*momentum=*/1, kEps,
                           false);
}

inline Tensor by_layer(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                       const Tensor& variance) {
  return functional::batch_norm(
      input, mean, variance,
      functional::BatchNormFuncOptions().weight(weight).bias(bias).training(true).momentum(1).eps(kEps));
}

// The means, in deviations, at which the values of a dtype still differ.
inline std::vector<double> means_for(torch::Dtype dtype) {
  if (dtype == torch::kBFloat16) return {0, 1, 10, 100};
  if (dtype == torch::kHalf) return {0, 1, 10, 100, 1e3};
  return {0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6};
}

inline double epsilon_of(torch::Dtype dtype) {
  switch (dtype) {
    case torch::kBFloat16:
      return 0x1p-8;
    case torch::kHalf:
      return 0x1p-11;
    case torch::kFloat:
      return 0x1p-24;
    default:
      return 0x1p-53;
  }
}

}  // namespace evenkeel::numerics
