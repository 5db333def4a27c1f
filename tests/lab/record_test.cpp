#include "lab/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace evenkeel::lab::record_test {
namespace {

TEST(RecordTest, ComesBackFromJsonAsItWasInItsOrder) {
  Record record;
  record.setting("steps", "400");
  record.number("zeta", 0.1, "%");
  record.number("alpha", -1e-300);
  record.point("loss", 0, 2.3);
  record.point("loss", 1, 2.2);
  const auto back = Record::from_json(nlohmann::ordered_json::parse(record.to_json().dump()));
  ASSERT_EQ(back.numbers().size(), 2U);
  EXPECT_EQ(back.numbers().front().first, "zeta");
  EXPECT_EQ(back.numbers().front().second.unit, "%");
  EXPECT_EQ(back["zeta"], 0.1);
  EXPECT_EQ(back["alpha"], -1e-300);
  EXPECT_EQ(back.curve("loss").at(1).y, 2.2);
  EXPECT_EQ(back.settings(), record.settings());
}

TEST(RecordTest, ValuesThatAreNotFiniteSurviveJson) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Record record;
  record.number("nan", std::nan(""));
  record.number("up", kInfinity);
  record.number("down", -kInfinity);
  const auto back = Record::from_json(nlohmann::ordered_json::parse(record.to_json().dump()));
  EXPECT_TRUE(std::isnan(back["nan"]));
  EXPECT_EQ(back["up"], kInfinity);
  EXPECT_EQ(back["down"], -kInfinity);
}

TEST(RecordTest, ANumberThatIsMeasuredAgainReplacesTheFirst) {
  Record record;
  record.number("loss", 1);
  record.number("loss", 2);
  EXPECT_EQ(record.numbers().size(), 1U);
  EXPECT_EQ(record["loss"], 2);
}

TEST(RecordTest, MeanIsThatOfEachNumberAndOfPointsAtTheSamePlaces) {
  Record a;
  Record b;
  a.number("x", 1, "%");
  b.number("x", 4, "%");
  for (auto* record : {&a, &b}) record->point("same", 5, (*record)["x"]);
  a.point("other", 1, 10);
  b.point("other", 2, 20);
  const auto mean = mean_of({a, b});
  EXPECT_EQ(mean["x"], 2.5);
  EXPECT_EQ(mean.curve("same").at(0).y, 2.5);
  EXPECT_EQ(mean.curve("other").at(0).y, 10);
}

TEST(RecordTest, WhatWasNotMeasuredIsAnErrorWithItsName) {
  EXPECT_THAT([] { Record()["loss"]; },
              ::testing::ThrowsMessage<std::runtime_error>("expected a measurement \"loss\", found none"));
  EXPECT_THAT([] { Record().curve("loss"); },
              ::testing::ThrowsMessage<std::runtime_error>("expected a curve \"loss\", found none"));
}

}  // namespace
}  // namespace evenkeel::lab::record_test
