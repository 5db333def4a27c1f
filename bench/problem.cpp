#include "bench/problem.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <stdexcept>

namespace evenkeel::bench {
namespace {

using torch::Tensor;

// LibTorch sums the channels-last layouts in float32 over all rows.
constexpr double kTolerance = 1e-3;

// Near zero: wider than the rounding errors of all, so that they agree on what ReLU lets through.
constexpr double kUndecided = 1e-3;

// What normalises: statistics of the batch, or the running ones.
struct Normalized {
  Tensor values;  // (x - mean) / std
  Tensor invstd;
};

std::vector<std::int64_t> all_but_channels(const Tensor& tensor) {
  return tensor.dim() == 2 ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, 2, 3};
}

Tensor per_channel(const Tensor& parameter, const Tensor& like) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(like.dim()), 1);
  sizes[1] = parameter.numel();
  return parameter.to(torch::kDouble).view(sizes);
}

Normalized normalize(const Problem& problem, bool training) {
  const Tensor x = problem.input.to(torch::kDouble);
  const auto dims = all_but_channels(x);
  const Tensor mean = training ? x.mean(dims, /*keepdim=*/true) : per_channel(problem.running_mean, x);
  const Tensor centred = x - mean;
  const Tensor variance =
      training ? centred.square().mean(dims, /*keepdim=*/true) : per_channel(problem.running_var, x);
  const Tensor invstd = (variance + Problem::kEps).rsqrt();
  return {centred * invstd, invstd};
}

Tensor affine(const Problem& problem, const Tensor& normalized) {
  return normalized * per_channel(problem.weight, normalized) + per_channel(problem.bias, normalized);
}

void verify(const std::string& what, const Tensor& found, const Tensor& expected) {
  if (!expected.defined()) return;
  const double limit = kTolerance * std::max(1.0, expected.abs().max().item<double>());
  const double difference = (found.to(torch::kDouble) - expected).abs().max().item<double>();
  if (difference <= limit) return;  // false for NaN too
  throw std::runtime_error(fmt::format(
      "{}: expected the result of float64 to {:.2g}, found a difference of {:.2g}", what, limit, difference));
}

}  // namespace

const std::vector<Operation>& all_operations() {
  static const std::vector<Operation> operations = {
      {Pass::kTraining, false}, {Pass::kTraining, true},    {Pass::kBackward, false},
      {Pass::kBackward, true},  {Pass::kEvaluation, false}, {Pass::kEvaluation, true},
  };
  return operations;
}

std::string Operation::name() const {
  const char* const pass_name = pass == Pass::kTraining   ? "training forward"
                                : pass == Pass::kBackward ? "training backward"
                                                          : "evaluation";
  return fmt::format("{}{}", pass_name, relu ? " + ReLU" : "");
}

kernels::Geometry Problem::geometry() const {
  const std::int64_t spatial = shape.flat() ? 1 : shape.height * shape.width;
  return layout == Layout::kChannelsLast ? kernels::channels_last(shape.batch, spatial, shape.channels)
                                         : kernels::channels_first(shape.batch, shape.channels, spatial);
}

Problem make_problem(const Shape& shape, Layout layout) {
  Problem problem{shape, layout, torch::randn(shape.sizes()), torch::randn(shape.sizes()), {}, {}, {}, {}};
  if (layout == Layout::kChannelsLast) {
    problem.input = problem.input.contiguous(torch::MemoryFormat::ChannelsLast);
    problem.grad_output = problem.grad_output.contiguous(torch::MemoryFormat::ChannelsLast);
  }
  problem.weight = torch::rand({shape.channels}) + 0.5;
  problem.bias = torch::randn({shape.channels});
  problem.running_mean = 0.1 * torch::randn({shape.channels});
  problem.running_var = torch::rand({shape.channels}) + 0.5;
  const Tensor output = affine(problem, normalize(problem, true).values);
  problem.grad_output.masked_fill_(output.abs() < kUndecided, 0);
  return problem;
}

Result reference(const Problem& problem, const Operation& operation) {
  const auto [normalized, invstd] = normalize(problem, operation.pass != Pass::kEvaluation);
  const Tensor output = affine(problem, normalized);
  if (operation.pass != Pass::kBackward) return {operation.relu ? output.relu() : output, {}, {}};

  Tensor grad = problem.grad_output.to(torch::kDouble);
  if (operation.relu) grad = grad * output.gt(0);
  const auto dims = all_but_channels(grad);
  const Tensor grad_bias = grad.sum(dims);
  const Tensor grad_weight = (grad * normalized).sum(dims);
  const double count = static_cast<double>(grad.numel()) / static_cast<double>(problem.shape.channels);
  const Tensor through_statistics =
      (per_channel(grad_bias, grad) + normalized * per_channel(grad_weight, grad)) / count;
  return {per_channel(problem.weight, grad) * invstd * (grad - through_statistics), grad_weight, grad_bias};
}

void verify(const std::string& who, const Result& found, const Result& expected) {
  verify(who, found.values, expected.values);
  verify(who + ", gradient of the weight", found.grad_weight, expected.grad_weight);
  verify(who + ", gradient of the bias", found.grad_bias, expected.grad_bias);
}

}  // namespace evenkeel::bench
