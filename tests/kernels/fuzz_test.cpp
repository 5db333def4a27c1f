// Random problems against the oracle. EVENKEEL_FUZZ_CASES sets how many, EVENKEEL_FUZZ_SEED where they start;
// a failure names the seed of its case, which alone repeats it with EVENKEEL_FUZZ_CASES=1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::fuzz_test {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : otherwise;
}

template <typename T>
void run_case(std::uint64_t seed) {
  Random random(seed);
  const Geometry geometry = random_geometry(random.between(0, 29) == 0 ? 500'000 : 20'000, random);
  Options options;
  options.placement = kPlacements[random.next() % kPlacements.size()];
  options.weight = random.between(0, 3) > 0;
  options.bias = random.between(0, 3) > 0;
  options.in_place = random.between(0, 2) == 0;
  options.grad_input = random.between(0, 3) > 0;
  options.grad_weight = random.between(0, 3) > 0;
  options.grad_bias = random.between(0, 3) > 0;
  options.eps = random.between(0, 2) == 0 ? 1e-3 : 1e-5;
  options.residual = random.between(0, 2) == 0;
  options.into_residual = random.between(0, 2) == 0;
  options.activation = static_cast<Activation>(random.between(0, 2));
  options.negative_slope = random.between(0, 3) == 0 ? 0.0 : 4.0 * random.uniform() - 2.0;
  options.positive = random.between(0, 7) > 0;
  options.grad_residual = random.between(0, 1) == 0;
  Problem<T> problem(geometry, kStyles[random.next() % kStyles.size()], seed, options);
  if (random.between(0, 3) == 0) {
    problem.grad_output = make_tensor<T>(geometry, kStyles[random.next() % kStyles.size()], seed + 9);
  }
  if (random.between(0, 3) == 0) {
    problem.residual = make_tensor<T>(geometry, kStyles[random.next() % kStyles.size()], seed + 10);
  }
  const auto& [name, executor] = all_executors()[random.next() % all_executors().size()];
  SCOPED_TRACE(testing::Message() << "EVENKEEL_FUZZ_SEED=" << seed << ", " << name);
  check_every_call(problem, Subject(executor));
  EXPECT_EQ(first_difference(geometry, run_every_call(problem, Subject(serial_executor())),
                             run_every_call(problem, Subject(executor))),
            "")
      << problem << ", serial and " << name;
}

TEST(FuzzTest, RandomProblemsAgreeWithTheOracleAndKeepTheirBits) {
  const std::uint64_t cases = number_from_environment("EVENKEEL_FUZZ_CASES", 300);
  const std::uint64_t first = number_from_environment("EVENKEEL_FUZZ_SEED", 1);
  std::cout << cases << " cases from EVENKEEL_FUZZ_SEED=" << first << '\n';
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    switch (Random(seed).next() % 5) {
      case 0:
        run_case<double>(seed);
        break;
      case 1:
        run_case<float16>(seed);
        break;
      case 2:
        run_case<bfloat16>(seed);
        break;
      default:
        run_case<float>(seed);
    }
    if (HasFailure()) break;  // one case is enough to work on
  }
}

}  // namespace
}  // namespace evenkeel::kernels::test::fuzz_test
