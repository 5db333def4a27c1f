// Every instruction set this processor has, forced in turn, against the oracle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include "evenkeel/kernels/instruction_set.h"
#include "kernels/support/checks.h"
#include "kernels/support/executors.h"
#include "kernels/support/geometries.h"
#include "kernels/support/results.h"

namespace evenkeel::kernels::test::instruction_set_test {
namespace {

class InstructionSetTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { use_instruction_set(GetParam()); }
  void TearDown() override { use_instruction_set("best"); }

  template <typename T>
  static void expect_every_call_right(const Problem<T>& problem) {
    check_every_call(problem, Subject(three_threads()));
    SCOPED_TRACE(problem);
    const Results<T> expected = run_every_call(problem, Subject(serial_executor()));
    for (const auto& [name, executor] : all_executors()) {
      EXPECT_EQ(first_difference(problem.geometry, expected, run_every_call(problem, Subject(executor))), "")
          << "serial and " << name;
    }
  }

  // float, and one of the other three in turn.
  static void expect_every_type_right(const Geometry& geometry, Style style, std::uint64_t seed,
                                      const Options& options, std::size_t number) {
    expect_every_call_right(Problem<float>(geometry, style, seed, options));
    if (number % 3 == 0) expect_every_call_right(Problem<double>(geometry, style, seed, options));
    if (number % 3 == 1) expect_every_call_right(Problem<float16>(geometry, style, seed, options));
    if (number % 3 == 2) expect_every_call_right(Problem<bfloat16>(geometry, style, seed, options));
  }
};

TEST_P(InstructionSetTest, IsInUseWhenForced) { EXPECT_EQ(instruction_set(), GetParam()); }

TEST_P(InstructionSetTest, CriticalGeometriesAgreeWithTheOracleAndKeepTheirBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : critical_geometries(10'000, 80)) {
    const Options options = varied_options(number++);
    expect_every_type_right(geometry, Style::kPlain, 80, options, number);
  }
}

TEST_P(InstructionSetTest, EveryStyleOfDataAgreesWithTheOracleAndKeepsItsBits) {
  std::size_t number = 0;
  for (const Geometry& geometry : small_geometries()) {
    for (Style style : kStyles) {
      const Options options = varied_options(number++);
      expect_every_type_right(geometry, style, 81, options, number);
    }
  }
}

TEST_P(InstructionSetTest, TensorsOverManyBlocksAgreeWithTheOracleAndKeepTheirBits) {
  for (const Geometry& geometry : {Geometry{40'000, 16, 1}, {1, 3, 200'000}, {100, 20, 576}, {300, 33, 49}}) {
    expect_every_call_right(Problem<float>(geometry, Style::kOffset100, 82));
  }
}

INSTANTIATE_TEST_SUITE_P(Supported, InstructionSetTest, testing::ValuesIn(supported_instruction_sets()),
                         [](const testing::TestParamInfo<std::string>& info) { return info.param; });

TEST(InstructionSetChoiceTest, BestIsTheFirstOfTheSupported) {
  ASSERT_FALSE(supported_instruction_sets().empty());
  use_instruction_set("best");
  EXPECT_EQ(instruction_set(), supported_instruction_sets().front());
}

TEST(InstructionSetChoiceTest, AnUnknownNameIsRefusedAndChangesNothing) {
  const std::string before = instruction_set();
  try {
    use_instruction_set("sse9000");
    FAIL() << "nothing was thrown";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("use_instruction_set"));
    EXPECT_THAT(error.what(), testing::HasSubstr(before));  // what could be asked for
    EXPECT_THAT(error.what(), testing::HasSubstr("sse9000"));
  }
  EXPECT_EQ(instruction_set(), before);
}

// Runs in a process of its own, in which nothing has asked for the instruction set yet.
[[noreturn]] void call_a_kernel_and_exit() {
  float value = 1.0F;
  double mean = 0.0;
  double m2 = 0.0;
  try {
    run(ChannelMoments<float>{{1, 1, 1}, &value, &mean, &m2}, serial_executor());
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << '\n';
    std::exit(3);
  }
  std::cerr << "runs on " << instruction_set() << '\n';
  std::exit(0);
}

TEST(InstructionSetDeathTest, TheEnvironmentVariableChoosesAtTheFirstCall) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const std::string& name : supported_instruction_sets()) {
    setenv("EVENKEEL_INSTRUCTION_SET", name.c_str(), 1);
    EXPECT_EXIT(call_a_kernel_and_exit(), testing::ExitedWithCode(0), "runs on " + name);
  }
  setenv("EVENKEEL_INSTRUCTION_SET", "sse9000", 1);
  EXPECT_EXIT(call_a_kernel_and_exit(), testing::ExitedWithCode(3), "EVENKEEL_INSTRUCTION_SET.*sse9000");
  unsetenv("EVENKEEL_INSTRUCTION_SET");
}

}  // namespace
}  // namespace evenkeel::kernels::test::instruction_set_test
