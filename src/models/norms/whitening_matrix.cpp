#include "models/norms/whitening_matrix.h"

#include <torch/torch.h>

#include <limits>
#include <tuple>

namespace evenkeel::models {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

Tensor transposed(const Tensor& matrices) { return matrices.transpose(-2, -1); }

// V diag(d) V^T
Tensor composed(const Tensor& vectors, const Tensor& diagonal) {
  return torch::matmul(vectors * diagonal.unsqueeze(-2), transposed(vectors));
}

// Below the largest eigenvalue times this, an eigenvalue is the rounding of the decomposition.
double rounding(const Tensor& matrices) {
  const double epsilon = matrices.scalar_type() == torch::kFloat32
                             ? double{std::numeric_limits<float>::epsilon()}
                             : std::numeric_limits<double>::epsilon();
  return epsilon * static_cast<double>(matrices.size(-1));
}

Tensor gradient_of_root(const Tensor& gradient, const Tensor& roots, const Tensor& vectors) {
  const Tensor a = roots.unsqueeze(-1);
  const Tensor b = roots.unsqueeze(-2);
  const Tensor differences = -1 / (a * b * (a + b));
  const Tensor symmetric = (gradient + transposed(gradient)) / 2;
  const Tensor turned = torch::matmul(transposed(vectors), torch::matmul(symmetric, vectors));
  return torch::matmul(vectors, torch::matmul(differences * turned, transposed(vectors)));
}

// The gradient of the inverse root in a graph of its own, for a backward with create_graph. The covariance is
// an argument so that the way to it is not lost without a word.
class GradientOfRoot : public torch::autograd::Function<GradientOfRoot> {
 public:
  static Tensor forward(AutogradContext*, const Tensor& gradient, const Tensor& /*covariance*/,
                        const Tensor& roots, const Tensor& vectors) {
    return gradient_of_root(gradient, roots, vectors);
  }

  static tensor_list backward(AutogradContext*, const tensor_list&) {
    TORCH_CHECK(
        false,
        "[BatchWhitening] expected a first derivative of ZCA whitening, found a second one asked for: "
        "Cholesky and Newton-Schulz have it");
  }
};

class InverseRoot : public torch::autograd::Function<InverseRoot> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& covariance) {
    const auto [values, vectors] = torch::linalg_eigh(covariance);
    const Tensor least = values.amax(-1, /*keepdim=*/true) * rounding(covariance);
    const Tensor roots = torch::maximum(values, least).sqrt();
    ctx->save_for_backward({covariance, roots, vectors});
    return composed(vectors, 1 / roots);
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& gradients) {
    const auto saved = ctx->get_saved_variables();
    if (torch::GradMode::is_enabled())
      return {GradientOfRoot::apply(gradients[0], saved[0], saved[1], saved[2])};
    return {gradient_of_root(gradients[0], saved[1], saved[2])};
  }
};

Tensor inverse_cholesky(const Tensor& covariance) {
  const auto [lower, failed] = torch::linalg_cholesky_ex(covariance);
  TORCH_CHECK(failed.eq(0).all().item<bool>(),
              "[BatchWhitening] Cholesky: expected a positive definite covariance, found one that is not "
              "within rounding; a larger eps makes it so");
  return torch::linalg_solve_triangular(lower, torch::eye(covariance.size(-1), covariance.options()),
                                        /*upper=*/false);
}

Tensor newton_schulz(const Tensor& covariance, std::int64_t iterations) {
  const Tensor identity = torch::eye(covariance.size(-1), covariance.options());
  const Tensor trace = covariance.diagonal(0, -2, -1).sum(-1).unsqueeze(-1).unsqueeze(-1);
  Tensor root = covariance / trace;
  Tensor step = (3 * identity - root) / 2;
  Tensor inverse = step;
  for (std::int64_t k = 1; k < iterations; ++k) {
    root = torch::matmul(root, step);
    step = (3 * identity - torch::matmul(inverse, root)) / 2;
    inverse = torch::matmul(step, inverse);
  }
  return inverse / trace.sqrt();
}

void check(const Tensor& covariance, std::int64_t iterations) {
  TORCH_CHECK(covariance.dim() >= 2 && covariance.size(-1) == covariance.size(-2),
              "[BatchWhitening] expected a covariance of shape [..., C, C], found ", covariance.sizes());
  TORCH_CHECK(covariance.scalar_type() == torch::kFloat32 || covariance.scalar_type() == torch::kFloat64,
              "[BatchWhitening] expected float32 or float64, found ", covariance.scalar_type());
  TORCH_CHECK(iterations >= 1, "[BatchWhitening] expected at least 1 iteration, found ", iterations);
}

}  // namespace

Tensor whitening_matrix(const Tensor& covariance, WhiteningMethod method, std::int64_t iterations) {
  check(covariance, iterations);
  // LAPACK's answer to NaN is an error, or no end.
  if (!covariance.isfinite().all().item<bool>()) return covariance * std::numeric_limits<double>::quiet_NaN();
  switch (method) {
    case WhiteningMethod::kZca:
      return InverseRoot::apply(covariance);
    case WhiteningMethod::kCholesky:
      return inverse_cholesky(covariance);
    case WhiteningMethod::kNewtonSchulz:
      return newton_schulz(covariance, iterations);
  }
  TORCH_CHECK(false, "[BatchWhitening] expected a method, found ", static_cast<int>(method));
}

}  // namespace evenkeel::models
