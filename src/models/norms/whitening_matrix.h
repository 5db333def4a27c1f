// Matrices that whiten: W with W S W^T = I for a covariance S.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace evenkeel::models {

// There are as many whitening matrices as rotations: R W whitens if W does. Each method stands for one
// choice.
enum class WhiteningMethod {
  // S^-1/2 from the eigenvalues: of all whitened data, those nearest to the data. Decorrelated batch
  // normalization (Huang et al. 2018, arXiv:1804.08450).
  kZca,
  // L^-1 for S = L L^T, lower triangular: channel i is decorrelated from the channels before it, whatever
  // comes after. Batch whitening of coloring transforms (Siarohin et al. 2019, arXiv:1806.00420).
  kCholesky,
  // What `iterations` steps of Newton and Schulz's iteration reach of S^-1/2, by matrix products alone.
  // Iterative normalization (Huang et al. 2019, arXiv:1904.03441). With N = S / trace(S):
  //   Z_0 = I, Y_0 = N;   T_k = (3 I - Z_k Y_k) / 2,   Y_k+1 = Y_k T_k,   Z_k+1 = T_k Z_k;
  //   W = Z_iterations / sqrt(trace(S))
  // The steps in the directions of small eigenvalues are many: at first each multiplies Z there by 3/2 alone.
  // In exact arithmetic Z_k is the paper's P_k, from P_k+1 = (3 P_k - P_k^3 N) / 2; with Y beside it,
  // rounding errors do not grow from step to step, which they do in that form where the eigenvalues of S lie
  // further apart than some 2.4 to 1.
  kNewtonSchulz,
};

// W for every matrix of `covariance` [..., C, C], which is symmetric and positive definite, float32 or
// float64. `iterations` counts for kNewtonSchulz alone.
//
// Gradients flow to `covariance`, as to a symmetric matrix. That of kZca is the divided differences of a^-1/2
// (Daleckii and Krein 1965),
//   -1 / (sqrt(a) sqrt(b) (sqrt(a) + sqrt(b)))   for the eigenvalues a and b,
// which is finite where they coincide, as the derivative of the eigenvectors is not; it has no second
// derivative here, and asking for one throws c10::Error.
//
// kZca takes eigenvalues below the rounding error of the largest one as that large. A matrix with NaN or Inf
// anywhere gives NaN everywhere, for the whole of `covariance`. Throws c10::Error for other shapes or dtypes,
// fewer than 1 iteration, and, of kCholesky, for a matrix that is not positive definite.
torch::Tensor whitening_matrix(const torch::Tensor& covariance, WhiteningMethod method,
                               std::int64_t iterations = 5);

}  // namespace evenkeel::models
