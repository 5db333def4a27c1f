// What is measured: which operation, on which tensor, in which layout; and the data for it.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/kernels/geometry.h"

namespace evenkeel::bench {

// An input with the extents N, C, H, W; without H and W it is (N, C).
struct Shape {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool flat() const { return height == 0; }
  std::vector<std::int64_t> sizes() const;
  std::int64_t bytes() const;  // of one float32 tensor
  std::string name() const;    // "32x64x56x56", "64x500"
};

// The shapes that are measured unless others are asked for.
const std::vector<Shape>& standard_shapes();

// From "NxC" or "NxCxHxW". Throws std::invalid_argument for everything else.
Shape parse_shape(const std::string& text);

enum class Layout { kChannelsFirst, kChannelsLast, kFlat };
std::string name(Layout layout);  // "channels first", "channels last", "(N, C)"

// The layouts a shape can have.
std::vector<Layout> layouts(const Shape& shape);

enum class Pass { kTraining, kBackward, kEvaluation };

struct Operation {
  Pass pass = Pass::kTraining;
  bool relu = false;  // after the batch norm; in the backward its gradient too

  std::string name() const;  // "training forward + ReLU"
  bool operator==(const Operation&) const = default;
};
const std::vector<Operation>& all_operations();

// Results, in the shape and the order of the input's extents.
struct Result {
  torch::Tensor values;       // the output, or the gradient of the input
  torch::Tensor grad_weight;  // of the backward alone
  torch::Tensor grad_bias;
};

// The data of one measurement. The gradient is zero where the batch norm's output is so near zero that rounding
// decides whether ReLU lets it through: all implementations then have one and the same right result.
struct Problem {
  Shape shape;
  Layout layout = Layout::kChannelsFirst;
  torch::Tensor input;
  torch::Tensor grad_output;
  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor running_mean;  // what the evaluation normalises with
  torch::Tensor running_var;

  static constexpr double kEps = 1e-5;
  kernels::Geometry geometry() const;
};

Problem make_problem(const Shape& shape, Layout layout);

// By the formulas, in float64.
Result reference(const Problem& problem, const Operation& operation);

// Throws std::runtime_error with one line when `found` is not `expected`; `who` says whose result it is.
void verify(const std::string& who, const Result& found, const Result& expected);

}  // namespace evenkeel::bench
