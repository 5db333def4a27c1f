// Tensors that are surely cut up: over threads, over slabs of channels, over blocks of rows.
#include <gtest/gtest.h>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"

namespace evenkeel::kernels::test::large_tensor_test {
namespace {

class LargeTensorTest : public testing::TestWithParam<Geometry> {};

TEST_P(LargeTensorTest, AgreesWithTheOracle) {
  check_every_call(Problem<float>(GetParam(), Style::kOffset100, 50), Subject(three_threads()));
}

INSTANTIATE_TEST_SUITE_P(Geometries, LargeTensorTest, testing::ValuesIn(large_geometries()),
                         [](const testing::TestParamInfo<Geometry>& info) {
                           const Geometry& g = info.param;
                           return std::to_string(g.outer) + "x" + std::to_string(g.channels) + "x" +
                                  std::to_string(g.inner);
                         });

TEST(LargeTensorTest, DoubleAgreesWithTheOracle) {
  for (const Geometry& geometry :
       {Geometry{25'088, 64, 1}, {300'001, 3, 1}, {1, 3, 500'000}, {32, 16, 3136}}) {
    check_every_call(Problem<double>(geometry, Style::kOffset100, 51), Subject(three_threads()));
  }
}

TEST(LargeTensorTest, ActivationsAndHalvesAgreeWithTheOracle) {
  Options options;
  options.residual = true;
  for (const Geometry& geometry : {Geometry{6'272, 64, 1}, {100'001, 3, 1}, {2, 5, 40'001}, {65, 50, 64}}) {
    options.activation = Activation::kReLU;
    check_every_call(Problem<float>(geometry, Style::kOffset100, 52, options), Subject(three_threads()));
    options.activation = Activation::kLeakyReLU;
    check_every_call(Problem<float16>(geometry, Style::kPlain, 52, options), Subject(three_threads()));
    check_every_call(Problem<bfloat16>(geometry, Style::kPlain, 52, options), Subject(three_threads()));
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::large_tensor_test
