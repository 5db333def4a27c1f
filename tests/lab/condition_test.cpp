#include "lab/condition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace evenkeel::lab::condition_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Record> seeds(const std::vector<double>& values) {
  std::vector<Record> all;
  for (const double value : values) {
    all.emplace_back();
    all.back().number("x", value);
  }
  return all;
}

Verdict verdict(const Condition& condition, const std::vector<double>& values) {
  return judge(condition, seeds(values)).verdict;
}

TEST(EstimateTest, IntervalIsStudentsT) {
  // Mean 2, standard deviation 1, three values: 2 -+ t(0.975; 2) / sqrt(3), t = 4.30265.
  const auto found = estimate({1, 2, 3});
  EXPECT_DOUBLE_EQ(found.mean, 2);
  EXPECT_NEAR(found.high - 2, 4.30265 / std::sqrt(3), 1e-4);
  EXPECT_NEAR(2 - found.low, 4.30265 / std::sqrt(3), 1e-4);
}

TEST(EstimateTest, WithConfidenceOnEachSideItIsNarrower) {
  // t(0.95; 2) = 2.91999
  const auto found = estimate({1, 2, 3}, Scale::kLinear, Confidence::kEachSide);
  EXPECT_NEAR(found.high - 2, 2.91999 / std::sqrt(3), 1e-4);
}

TEST(EstimateTest, QuantilesBeyondTheTableAreThoseOfStudentsT) {
  std::vector<double> values;  // 31 values: 30 degrees of freedom, t = 2.04227
  for (int i = -15; i <= 15; ++i) values.push_back(i);
  const double deviation = std::sqrt(2.0 * (15 * 16 * 31 / 6.0) / 30);
  EXPECT_NEAR(estimate(values).high, 2.04227 * deviation / std::sqrt(31), 2e-4);
}

TEST(EstimateTest, OfRatiosItIsThatOfTheLogarithms) {
  const auto found = estimate({1, 10, 100}, Scale::kRatio);
  EXPECT_NEAR(found.mean, 10, 1e-9);
  EXPECT_NEAR(std::log10(found.high), 1 + 4.30265 / std::sqrt(3), 1e-4);
  EXPECT_NEAR(found.low * found.high, 100, 1e-6);
}

TEST(EstimateTest, OneSeedHasNoInterval) {
  const auto found = estimate({3});
  EXPECT_EQ(found.low, 3);
  EXPECT_EQ(found.high, 3);
}

TEST(EstimateTest, WithoutAValueItIsAnError) { EXPECT_THROW(estimate({}), std::invalid_argument); }

TEST(ConditionTest, HoldsOnlyWhereTheWholeIntervalIsOnItsSide) {
  const auto condition = above("x", measured("x"), 1);
  EXPECT_EQ(verdict(condition, {5, 5.1, 5.2}), Verdict::kHolds);
  EXPECT_EQ(verdict(condition, {1.1, 2, 3}), Verdict::kInconclusive);  // all above, and yet too few
  EXPECT_EQ(verdict(condition, {0.1, 0.2, 0.15}), Verdict::kDoesNotHold);
}

TEST(ConditionTest, BelowIsTheOtherSide) {
  const auto condition = below("x", measured("x"), 1);
  EXPECT_EQ(verdict(condition, {5, 5.1, 5.2}), Verdict::kDoesNotHold);
  EXPECT_EQ(verdict(condition, {0.1, 0.2, 0.15}), Verdict::kHolds);
}

TEST(ConditionTest, AtLeastTakesTheThresholdItself) {
  EXPECT_EQ(verdict(at_least("x", measured("x"), 10), {3 / 0.3, 3 / 0.3}), Verdict::kHolds);
  EXPECT_EQ(verdict(above("x", measured("x"), 10), {10, 10}), Verdict::kDoesNotHold);
  EXPECT_EQ(verdict(at_least("x", measured("x"), 10), {9.99, 9.99}), Verdict::kDoesNotHold);
}

TEST(ConditionTest, WithOneSeedItsValueDecides) {
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {1.001}), Verdict::kHolds);
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {0.999}), Verdict::kDoesNotHold);
}

TEST(ConditionTest, NaNDecidesNothing) {
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {std::nan("")}), Verdict::kInconclusive);
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {5, 5, std::nan("")}), Verdict::kInconclusive);
  EXPECT_EQ(verdict(below("x", measured("x"), 1), {std::nan(""), 5, 5}), Verdict::kInconclusive);
}

TEST(ConditionTest, InfiniteValuesDecideWhereAllAreOnOneSide) {
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {kInfinity, 5, 6}), Verdict::kHolds);
  EXPECT_EQ(verdict(above("x", measured("x"), 1), {kInfinity, 0.5, 6}), Verdict::kInconclusive);
}

TEST(ConditionTest, TextSaysTheRule) {
  EXPECT_EQ(above("accuracy with − without", measured("x"), 1, "points").text(),
            "accuracy with − without > 1 point");
  EXPECT_EQ(at_least("ratio", measured("x"), 10, "times").text(), "ratio ≥ 10 times");
  EXPECT_EQ(below("error", measured("x"), 1e-12).text(), "error < 1e-12");
}

TEST(ConditionTest, QuantitiesAreTakenSeedBySeed) {
  Record record;
  record.number("a", 6);
  record.number("b", 2);
  EXPECT_EQ(difference("a", "b").of(record), 4);
  EXPECT_EQ(ratio("a", "b").of(record), 3);
}

TEST(VerdictTest, OneConditionThatIsNotMetDecides) {
  const Judgement met{{}, Verdict::kHolds};
  const Judgement open{{}, Verdict::kInconclusive};
  const Judgement failed{{}, Verdict::kDoesNotHold};
  EXPECT_EQ(verdict_of({met, met}), Verdict::kHolds);
  EXPECT_EQ(verdict_of({met, open}), Verdict::kInconclusive);
  EXPECT_EQ(verdict_of({open, failed, met}), Verdict::kDoesNotHold);
}

}  // namespace
}  // namespace evenkeel::lab::condition_test
