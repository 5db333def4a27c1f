// The conversions of the halves, against long double arithmetic.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "evenkeel/kernels/instruction_set.h"
#include "kernels/support/element_types.h"
#include "kernels/support/executors.h"
#include "kernels/support/inputs.h"
#include "kernels/support/problem.h"

namespace evenkeel::kernels::test::element_test {
namespace {

template <typename T>
class ElementTest : public testing::Test {};
using Halves = testing::Types<float16, bfloat16>;
TYPED_TEST_SUITE(ElementTest, Halves);

template <typename T>
T from_bits(unsigned bits) {
  T half;
  half.bits = static_cast<std::uint16_t>(bits);
  return half;
}

// What a half's bits stand for, by the definition of the formats.
template <typename T>
Real meaning(unsigned bits) {
  constexpr int kFraction = Format<T>::kFractionBits;
  const Real sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const unsigned exponent = (bits & 0x7fffU) >> kFraction;
  const unsigned fraction = bits & ((1U << kFraction) - 1);
  const unsigned all_ones = 0x7fffU >> kFraction;
  if (exponent == all_ones)
    return fraction == 0 ? sign * static_cast<Real>(kInfinity) : static_cast<Real>(kNan);
  const Real significand = static_cast<Real>(fraction + (exponent == 0 ? 0U : 1U << kFraction));
  const int power =
      Format<T>::kMinExponent - kFraction + (exponent == 0 ? 0 : static_cast<int>(exponent) - 1);
  return sign * std::ldexp(significand, power);
}

// Floats of every kind: random bits, and around every half value and every tie between two neighbours.
template <typename T>
std::vector<float> interesting_floats() {
  std::vector<float> values;
  Random random(90);
  for (int i = 0; i < 200'000; ++i)
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random.next())));
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const auto value = static_cast<float>(meaning<T>(bits));
    const auto next = static_cast<float>(meaning<T>((bits & 0x7fffU) == 0x7fffU ? bits : bits + 1));
    const float tie = value + (next - value) / 2;
    for (const float middle : {value, tie}) {
      values.insert(values.end(),
                    {middle, std::nextafter(middle, -INFINITY), std::nextafter(middle, INFINITY)});
    }
  }
  values.insert(values.end(), {65504.0F, 65519.996F, 65520.0F, 65536.0F, 0x1p-24F, 0x1p-25F, 0x1.000002p-25F,
                               0x1p-26F, 3e38F, 0x1.fffffep127F, 1e-45F, -0.0F, 0.0F});
  return values;
}

template <typename T>
void expect_rounded(T half, float value) {
  if (std::isnan(value)) {
    ASSERT_TRUE(std::isnan(meaning<T>(half.bits))) << half.bits;
    return;
  }
  const Real expected = rounded<T>(value);
  ASSERT_EQ(meaning<T>(half.bits), expected) << "from " << std::hexfloat << value;
  ASSERT_EQ((half.bits & 0x8000) != 0, std::signbit(value)) << "from " << std::hexfloat << value;
}

TYPED_TEST(ElementTest, EveryValueIsWhatItsBitsMean) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const auto half = from_bits<TypeParam>(bits);
    const Real expected = meaning<TypeParam>(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(static_cast<float>(half))) << bits;
      continue;
    }
    ASSERT_EQ(real(half), expected) << bits;
    ASSERT_EQ(std::signbit(static_cast<float>(half)), (bits & 0x8000U) != 0) << bits;
    ASSERT_EQ(static_cast<double>(half), static_cast<double>(expected)) << bits;
  }
}

TYPED_TEST(ElementTest, EveryValueComesBackFromFloatWithItsBits) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const TypeParam back(static_cast<float>(from_bits<TypeParam>(bits)));
    if (std::isnan(meaning<TypeParam>(bits))) {
      ASSERT_TRUE(std::isnan(meaning<TypeParam>(back.bits))) << bits;
    } else {
      ASSERT_EQ(back.bits, bits);
    }
  }
}

TYPED_TEST(ElementTest, FloatsAreRoundedToTheNearestAndTiesToEven) {
  for (const float value : interesting_floats<TypeParam>()) expect_rounded(TypeParam(value), value);
}

TYPED_TEST(ElementTest, EqualityIsThatOfTheNumbers) {
  EXPECT_TRUE(value_of<TypeParam>(0.0) == value_of<TypeParam>(-0.0));
  EXPECT_TRUE(value_of<TypeParam>(1.5) == value_of<TypeParam>(1.5));
  EXPECT_FALSE(value_of<TypeParam>(1.5) == value_of<TypeParam>(-1.5));
  EXPECT_FALSE(value_of<TypeParam>(kNan) == value_of<TypeParam>(kNan));
}

// Runs body() on every instruction set: the kernels convert whole vectors on their own.
template <typename Body>
void on_every_instruction_set(Body body) {
  for (const std::string& name : supported_instruction_sets()) {
    SCOPED_TRACE(name);
    use_instruction_set(name);
    body();
  }
  use_instruction_set("best");
}

// With weight 1, bias 0, mean 0 and variance 1 a value passes
// through an evaluation unchanged, and a bias alone comes out rounded.
TYPED_TEST(ElementTest, KernelsLoadAndStoreEveryValue) {
  using T = TypeParam;
  std::vector<T> input;
  for (unsigned bits = 0; bits < 0x10000U; ++bits) input.push_back(from_bits<T>(bits));
  std::vector<T> output(input.size());
  const float zero = 0;
  const float one = 1;
  for (const Geometry& geometry : {Geometry{0x10000, 1, 1}, {1, 1, 0x10000}}) {
    EvaluationForward<T> call{.geometry = geometry, .input = input.data(), .mean = &zero, .variance = &one};
    call.eps = 0;
    call.output = output.data();
    on_every_instruction_set([&] {
      run(call, three_threads());
      for (unsigned bits = 0; bits < 0x10000U; ++bits) {
        const Real expected = meaning<T>(bits);
        if (std::isnan(expected)) {
          ASSERT_TRUE(std::isnan(meaning<T>(output[bits].bits))) << bits;
        } else {
          ASSERT_EQ(meaning<T>(output[bits].bits), expected) << bits;
        }
      }
    });
  }
}

TYPED_TEST(ElementTest, KernelsRoundEveryFloatAsTheConversionsDo) {
  using T = TypeParam;
  const std::vector<float> bias = interesting_floats<T>();
  const std::vector<float> zeros(bias.size(), 0.0F);
  const std::vector<float> ones(bias.size(), 1.0F);
  const std::vector<T> input(bias.size(), value_of<T>(0.0));
  std::vector<T> output(bias.size());
  EvaluationForward<T> call{.geometry = {1, static_cast<std::int64_t>(bias.size()), 1},
                            .input = input.data()};
  call.bias = bias.data();
  call.mean = zeros.data();
  call.variance = ones.data();
  call.eps = 0;
  call.output = output.data();
  on_every_instruction_set([&] {
    run(call, three_threads());
    for (std::size_t i = 0; i < bias.size(); ++i) {
      if (bias[i] == 0) continue;  // 0 * 1 + -0 is 0
      expect_rounded(output[i], bias[i]);
    }
  });
}

}  // namespace
}  // namespace evenkeel::kernels::test::element_test
