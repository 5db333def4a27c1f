// Everything the five calls compute on a problem, for comparing bit for bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/support/problem.h"

namespace evenkeel::kernels::test {

template <typename T>
struct Results {
  std::vector<double> moments_mean, moments_m2;
  std::vector<double> mean, m2;
  std::vector<T> output;
  std::vector<T> grad_input, grad_residual;
  std::vector<Parameter<T>> grad_weight, grad_bias;
  std::vector<T> evaluation_output;
  std::vector<T> evaluation_grad_input, evaluation_grad_residual;
  std::vector<Parameter<T>> evaluation_grad_weight, evaluation_grad_bias;
};

// Each backward takes the statistics and the bits that its forward wrote, and is asked for everything.
template <typename T>
Results<T> run_every_call(const Problem<T>& problem, const Subject& subject);

inline constexpr std::int64_t kNoChannel = -1;

// Where the bits of two results differ first, outside of one channel; empty when they are the same.
template <typename T>
std::string first_difference(const Geometry& geometry, const Results<T>& a, const Results<T>& b,
                             std::int64_t except_channel = kNoChannel);

}  // namespace evenkeel::kernels::test
