#include "models/norms/whitening_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "libtorch/finite_differences.h"
#include "models/norms/whitening_examples.h"

namespace evenkeel::models::whitening_matrix_test {
namespace {

using testing::covariance_of;
using ::testing::HasSubstr;
using testing::Inputs;
using testing::largest;
using testing::with_eigenvalues;
using torch::Tensor;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

class WhiteningMatrixTest : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(5); }
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "no error";
}

Tensor spread(double smallest, double largest, std::int64_t count) {
  return torch::logspace(std::log10(smallest), std::log10(largest), count, 10, torch::kDouble);
}

TEST_F(WhiteningMatrixTest, EveryMethodTurnsTheCovarianceIntoTheIdentity) {
  const Tensor covariances =
      torch::stack({with_eigenvalues(spread(0.1, 10, 7)), with_eigenvalues(spread(1, 1, 7))});
  for (const auto method : testing::kWhiteningMethods) {
    const Tensor matrices = whitening_matrix(covariances, method, 20);
    const Tensor whitened = matrices.matmul(covariances).matmul(matrices.transpose(1, 2));
    // Condition 100, sums of 7 in two products.
    EXPECT_LT(largest(whitened - torch::eye(7, torch::kDouble)), 100 * 2 * 7 * kEpsilon * 10)
        << static_cast<int>(method);
  }
}

TEST_F(WhiteningMatrixTest, InFloat32TheResidualIsItsRounding) {
  const Tensor covariance = with_eigenvalues(spread(0.1, 10, 7)).to(torch::kFloat);
  for (const auto method : testing::kWhiteningMethods) {
    const Tensor matrix = whitening_matrix(covariance, method, 20).to(torch::kDouble);
    const Tensor whitened = matrix.matmul(covariance.to(torch::kDouble)).matmul(matrix.t());
    EXPECT_LT(largest(whitened - torch::eye(7, torch::kDouble)),
              100 * 2 * 7 * std::numeric_limits<float>::epsilon())
        << static_cast<int>(method);
  }
}

TEST_F(WhiteningMatrixTest, NewtonSchulzIsThePapersIteration) {
  const Tensor covariance = with_eigenvalues(spread(0.5, 4, 5));
  const Tensor trace = covariance.trace();
  Tensor root = torch::eye(5, torch::kDouble);
  for (std::int64_t iterations = 1; iterations <= 6; ++iterations) {
    root = (3 * root - root.matmul(root).matmul(root).matmul(covariance / trace)) / 2;
    const Tensor found = whitening_matrix(covariance, WhiteningMethod::kNewtonSchulz, iterations);
    EXPECT_LT(largest(found - root / trace.sqrt()), 1e-12) << iterations;
  }
}

TEST_F(WhiteningMatrixTest, NewtonSchulzComesNearerToZcaWithEveryIterationAndStaysThere) {
  // Of condition 1000, where the paper's form of the iteration is lost to rounding in the end.
  const Tensor covariance = with_eigenvalues(spread(0.01, 10, 8));
  const Tensor zca = whitening_matrix(covariance, WhiteningMethod::kZca);
  double before = std::numeric_limits<double>::infinity();
  for (std::int64_t iterations = 1; iterations <= 14; ++iterations) {
    const double distance =
        largest(whitening_matrix(covariance, WhiteningMethod::kNewtonSchulz, iterations) - zca);
    EXPECT_LT(distance, before) << iterations;
    before = distance;
  }
  for (const std::int64_t iterations : {25, 100})
    EXPECT_LT(largest(whitening_matrix(covariance, WhiteningMethod::kNewtonSchulz, iterations) - zca),
              1000 * 8 * kEpsilon * largest(zca) * 10);
}

TEST_F(WhiteningMatrixTest, ZcaIsSymmetricAndLeavesTheDataNearestToThemselves) {
  const Tensor data = torch::randn({5, 5}, torch::kDouble).matmul(torch::randn({5, 300}, torch::kDouble));
  const Tensor centred = data - data.mean(1, true);
  const Tensor covariance = covariance_of(data);
  const Tensor zca = whitening_matrix(covariance, WhiteningMethod::kZca);
  EXPECT_LT(largest(zca - zca.t()), 10 * kEpsilon * largest(zca));
  const auto distance = [&](const Tensor& matrix) {
    return (matrix.matmul(centred) - centred).square().sum().item<double>();
  };
  EXPECT_LT(distance(zca), distance(whitening_matrix(covariance, WhiteningMethod::kCholesky)));
  for (int i = 0; i < 50; ++i)
    EXPECT_LT(distance(zca), distance(testing::random_rotation(5).matmul(zca))) << i;
}

TEST_F(WhiteningMatrixTest, CholeskyIsLowerTriangularAndItsFirstRowsKnowTheFirstChannelsAlone) {
  const Tensor covariance = with_eigenvalues(spread(0.5, 5, 6));
  const Tensor matrix = whitening_matrix(covariance, WhiteningMethod::kCholesky);
  EXPECT_TRUE(matrix.equal(matrix.tril()));
  EXPECT_TRUE(matrix.diagonal().gt(0).all().item<bool>());
  using torch::indexing::Slice;
  const Tensor first =
      whitening_matrix(covariance.index({Slice(0, 4), Slice(0, 4)}), WhiteningMethod::kCholesky);
  EXPECT_LT(largest(matrix.index({Slice(0, 4), Slice(0, 4)}) - first), 1e-13);
}

testing::ScalarFunction weighted_sum(WhiteningMethod method, std::int64_t size) {
  const Tensor seed = torch::randn({size, size}, torch::kDouble);
  return [=](const Inputs& inputs) {
    const Tensor symmetric = (inputs[0] + inputs[0].t()) / 2;
    return (whitening_matrix(symmetric, method, 7) * seed).sum();
  };
}

TEST_F(WhiteningMatrixTest, GradientsMatchDifferences) {
  for (const auto method : testing::kWhiteningMethods) {
    SCOPED_TRACE(static_cast<int>(method));
    testing::expect_gradients_match_differences(weighted_sum(method, 4),
                                                {with_eigenvalues(spread(0.5, 5, 4))});
  }
}

TEST_F(WhiteningMatrixTest, GradientsMatchDifferencesWhereEigenvaluesCoincide) {
  const Tensor twice = torch::tensor({1.0, 1.0, 1.0, 3.0}, torch::kDouble);
  for (const auto method : testing::kWhiteningMethods) {
    for (const Tensor& covariance :
         {torch::eye(4, torch::kDouble) * 2, twice.diag(), with_eigenvalues(twice)}) {
      SCOPED_TRACE(static_cast<int>(method));
      testing::expect_gradients_match_differences(weighted_sum(method, 4), {covariance});
    }
  }
}

TEST_F(WhiteningMatrixTest, CholeskyAndNewtonSchulzHaveASecondDerivativeAndZcaSaysThatItHasNone) {
  const Inputs inputs{with_eigenvalues(spread(0.5, 5, 3))};
  for (const auto method : {WhiteningMethod::kCholesky, WhiteningMethod::kNewtonSchulz})
    testing::expect_gradients_match_differences(testing::derivative(weighted_sum(method, 3), inputs), inputs);

  const auto zca = testing::derivative(weighted_sum(WhiteningMethod::kZca, 3), inputs);
  const Inputs at = testing::leaves(inputs);
  const Tensor first = zca(at);
  EXPECT_TRUE(first.isfinite().item<bool>());
  EXPECT_THAT(error_of([&] { torch::autograd::grad({first}, {at[0]}); }),
              HasSubstr("[BatchWhitening] expected a first derivative of ZCA whitening, found a second one"));
}

// 2 pictures in 16 channels: one direction varies, and the rounding of its eigenvalue is above the others.
TEST_F(WhiteningMatrixTest, ZcaOfACovarianceWithoutFullRankIsFiniteInFloat32) {
  const Tensor direction = torch::randn({16, 1}) * 100;
  const Tensor covariance =
      (direction.matmul(direction.t()) + 1e-5 * torch::eye(16)).detach().requires_grad_();
  const Tensor matrix = whitening_matrix(covariance, WhiteningMethod::kZca);
  EXPECT_TRUE(matrix.isfinite().all().item<bool>());
  EXPECT_NEAR(matrix.matmul(direction).norm().item<double>(), 1, 1e-2);
  matrix.square().sum().backward();
  EXPECT_TRUE(covariance.grad().isfinite().all().item<bool>());
}

TEST_F(WhiteningMatrixTest, NanGivesNanAndWhatMakesNoSenseIsOneClearLine) {
  Tensor covariance = torch::eye(3).repeat({2, 1, 1});
  covariance[1][0][0] = std::numeric_limits<float>::quiet_NaN();
  for (const auto method : testing::kWhiteningMethods)
    EXPECT_TRUE(whitening_matrix(covariance, method).isnan().all().item<bool>());

  const auto error = [](const Tensor& given, WhiteningMethod method, std::int64_t iterations) {
    return error_of([&] { whitening_matrix(given, method, iterations); });
  };
  const auto zca = WhiteningMethod::kZca;
  EXPECT_THAT(error(torch::ones({2, 3}), zca, 5),
              HasSubstr("[BatchWhitening] expected a covariance of shape [..., C, C], found [2, 3]"));
  EXPECT_THAT(error(torch::eye(2, torch::kLong), zca, 5),
              HasSubstr("[BatchWhitening] expected float32 or float64, found Long"));
  EXPECT_THAT(error(torch::eye(2), WhiteningMethod::kNewtonSchulz, 0),
              HasSubstr("[BatchWhitening] expected at least 1 iteration, found 0"));
  EXPECT_THAT(error(-torch::eye(2), WhiteningMethod::kCholesky, 5),
              HasSubstr("[BatchWhitening] Cholesky: expected a positive definite covariance"));
}

}  // namespace
}  // namespace evenkeel::models::whitening_matrix_test
