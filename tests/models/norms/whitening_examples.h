// What the tests of whitening have in common.
#pragma once

#include <torch/torch.h>

#include <array>
#include <limits>

#include "models/norms/whitening_matrix.h"

namespace evenkeel::testing {

inline constexpr std::array kWhiteningMethods{models::WhiteningMethod::kZca,
                                              models::WhiteningMethod::kCholesky,
                                              models::WhiteningMethod::kNewtonSchulz};

inline double largest(const torch::Tensor& tensor) { return tensor.abs().max().item<double>(); }

inline torch::Tensor random_rotation(std::int64_t size) {
  return std::get<0>(torch::linalg_qr(torch::randn({size, size}, torch::kDouble)));
}

// Symmetric, with these eigenvalues and random eigenvectors.
inline torch::Tensor with_eigenvalues(const torch::Tensor& values) {
  const auto rotation = random_rotation(values.size(0));
  return rotation.matmul(values.diag()).matmul(rotation.t());
}

// Of data [C, m], biased.
inline torch::Tensor covariance_of(const torch::Tensor& data) { return torch::cov(data, /*correction=*/0); }

}  // namespace evenkeel::testing
