#include "training/settings.h"
#include "models/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace evenkeel::training::settings_test {
namespace {

using ::testing::ThrowsMessage;

TEST(ScheduleTest, ConstantIsTheRateThatWasAskedForThroughout) {
  for (const double epochs_done : {0.0, 3.7, 24.0})
    EXPECT_EQ(learning_rate_at(Schedule::kConstant, 0.001, epochs_done, 24), 0.001);
}

// 0 at the start, 0.4 after 5 of 24 epochs, 0 at the end, straight between them.
TEST(ScheduleTest, PeakGoesThroughThePublishedPoints) {
  const auto rate = [](double epochs_done) {
    return learning_rate_at(Schedule::kPeak, 0.4, epochs_done, 24);
  };
  EXPECT_EQ(rate(0), 0);
  EXPECT_DOUBLE_EQ(rate(2.5), 0.2);
  EXPECT_DOUBLE_EQ(rate(5), 0.4);
  EXPECT_DOUBLE_EQ(rate(5 + 19 / 4.0), 0.3);
  EXPECT_DOUBLE_EQ(rate(14.5), 0.2);
  EXPECT_EQ(rate(24), 0);
}

TEST(ScheduleTest, PeakStretchesWithTheNumberOfEpochs) {
  for (const double part : {0.1, 5.0 / 24, 0.3, 0.9})
    EXPECT_NEAR(learning_rate_at(Schedule::kPeak, 0.4, 2 * part, 2),
                learning_rate_at(Schedule::kPeak, 0.4, 24 * part, 24), 1e-15);
}

TEST(ScheduleTest, DoublingDoublesEveryTwoEpochs) {
  EXPECT_EQ(learning_rate_at(Schedule::kDoubling, 0.005, 0, 20), 0.005);
  EXPECT_DOUBLE_EQ(learning_rate_at(Schedule::kDoubling, 0.005, 2, 20), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(Schedule::kDoubling, 0.005, 20, 20), 5.12);
}

TEST(SettingsTest, NamesComeBackAndOthersAreOneLineThatSaysWhatThereIs) {
  for (const auto model : {models::Model::kDigits, models::Model::kResNet9})
    EXPECT_EQ(models::model_from_name(name_of(model)), model);
  for (const auto kind : {OptimiserKind::kAdam, OptimiserKind::kSgd})
    EXPECT_EQ(optimiser_from_name(name_of(kind)), kind);
  for (const auto schedule : {Schedule::kConstant, Schedule::kPeak, Schedule::kDoubling})
    EXPECT_EQ(schedule_from_name(name_of(schedule)), schedule);
  EXPECT_THAT([] { models::model_from_name("resnet"); },
              ThrowsMessage<std::runtime_error>("model: expected one of digits, resnet9, found \"resnet\""));
  EXPECT_THAT(
      [] { schedule_from_name(""); },
      ThrowsMessage<std::runtime_error>("schedule: expected one of constant, peak, doubling, found \"\""));
}

}  // namespace
}  // namespace evenkeel::training::settings_test
