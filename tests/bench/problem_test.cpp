#include "bench/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <stdexcept>

#include "bench/contender.h"

namespace evenkeel::bench::problem_test {
namespace {

TEST(ProblemTest, ShapesAreReadAsTheyAreWritten) {
  for (const char* const text : {"64x500", "32x64x56x56", "1x3x1x2"})
    EXPECT_EQ(parse_shape(text).name(), text);
  EXPECT_TRUE(parse_shape("64x500").flat());
  EXPECT_EQ(parse_shape("2x3x4x5").bytes(), 2 * 3 * 4 * 5 * 4);
}

TEST(ProblemTest, WhatIsNoShapeIsRefused) {
  for (const char* const text :
       {"", "64", "64x", "x64", "2x3x4", "2x3x4x5x6", "0x3", "2x-3", "axb", "2x3 ", "2x3x4x5 ", "1x64",
        "1x64x1x1", "99999x99999x99999x99999", "99999999999999999999x2"})
    EXPECT_THROW(parse_shape(text), std::invalid_argument) << text;
}

// Every way that is timed, ours and the peers', computes what it should in every layout.
TEST(ProblemTest, EveryContenderIsRight) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  for (const Shape& shape : {Shape{3, 20, 5, 7}, Shape{9, 33, 0, 0}}) {
    for (const Layout layout : layouts(shape)) {
      const Problem problem = make_problem(shape, layout);
      for (const Operation& operation : all_operations()) {
        const Result expected = reference(problem, operation);
        for (const Contender& contender : all_contenders(problem, operation)) {
          contender.run();
          if (contender.result) {
            EXPECT_NO_THROW(verify(contender.way, contender.result(), expected))
                << info(contender.peer).title << ' ' << contender.way << ", " << operation.name() << ", "
                << name(layout);
          }
        }
      }
    }
  }
}

TEST(ProblemTest, AWrongResultIsOneClearLine) {
  const torch::NoGradGuard no_grad;
  const Problem problem = make_problem({4, 2, 3, 3}, Layout::kChannelsFirst);
  const Result expected = reference(problem, {Pass::kBackward, true});
  Result wrong{expected.values.clone(), expected.grad_weight, expected.grad_bias + 1};
  const auto message = [&] {
    try {
      verify("Someone", wrong, expected);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(), testing::HasSubstr("Someone, gradient of the bias: expected the result of float64"));
  wrong.grad_bias = expected.grad_bias;
  wrong.values[0][0][0][0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message(), testing::StartsWith("Someone: expected the result of float64"));
}

}  // namespace
}  // namespace evenkeel::bench::problem_test
