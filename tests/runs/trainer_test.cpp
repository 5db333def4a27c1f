#include "runs/evaluate_run.h"
#include "runs/train_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "data/small_digits.h"
#include "evenkeel/batch_norm_layer.h"
#include "model_files/state_dict.h"
#include "runs/comparison.h"
#include "runs/metrics.h"
#include "runs/saved_model.h"
#include "temporary_folder.h"
#include "training/evaluation.h"

namespace evenkeel::runs::trainer_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Asks to stop after the given steps; keeps what it was told.
class StoppingMonitor : public TrainingMonitor {
 public:
  explicit StoppingMonitor(std::vector<std::int64_t> stops = {}) : stops_(std::move(stops)) {}
  void after_step(const training::TrainingStatus& status) override { last = status; }
  void after_epoch(const training::TrainingStatus& status) override { epochs.push_back(status); }
  bool stop_requested() override {
    return std::find(stops_.begin(), stops_.end(), last.step) != stops_.end();
  }

  training::TrainingStatus last;
  std::vector<training::TrainingStatus> epochs;

 private:
  std::vector<std::int64_t> stops_;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TrainerTest : public ::testing::Test {
 protected:
  // 10 steps in an epoch: 150 pictures in batches of 16, the last one of 6.
  static training::TrainConfig settings(models::Norm norm = models::Norm::kBatch) {
    training::TrainConfig config;
    config.norm = norm;
    config.epochs = 3;
    config.batch_size = 16;
    config.checkpoint_every = 4;
    return config;
  }

  RunFolder start(const std::string& name, const training::TrainConfig& config) const {
    return start_run(folder_.path / name, config, data_);
  }

  RunFolder finished_run(const std::string& name, const training::TrainConfig& config) const {
    const auto folder = start(name, config);
    StoppingMonitor monitor;
    EXPECT_TRUE(train_run(folder, data_, monitor).has_value());
    return folder;
  }

  std::string error_of_training(const RunFolder& folder) const {
    try {
      StoppingMonitor monitor;
      train_run(folder, data_, monitor);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
  data::DataSet data_ = testing::small_digits();
};

TEST_F(TrainerTest, LearnsToTellTheSquaresApart) {
  for (const auto norm : {models::Norm::kBatch, models::Norm::kTorch, models::Norm::kNone}) {
    auto config = settings(norm);
    config.epochs = 6;
    const auto folder = finished_run(std::string(name_of(norm)), config);
    const auto summary = read_summary(folder.summary());
    EXPECT_GT(summary.test_accuracy, 0.9) << name_of(norm);
    EXPECT_EQ(summary.steps, 60);
    EXPECT_EQ(evaluate_run(folder, folder.model(), data_, 1).accuracy(), summary.test_accuracy);
  }
}

TEST_F(TrainerTest, TheSameSeedGivesTheSameModelFileAndAnotherSeedAnother) {
  auto config = settings();
  const auto first = bytes_of(finished_run("first", config).model());
  EXPECT_EQ(first, bytes_of(finished_run("again", config).model()));
  config.seed = 2;
  EXPECT_NE(first, bytes_of(finished_run("other", config).model()));
}

TEST_F(TrainerTest, StoppedAndResumedItEndsInTheSameBitsAsNeverStopped) {
  const auto whole = finished_run("whole", settings());
  const auto folder = start("stopped", settings());
  // In the first step, between two records, at the end of an epoch, at a checkpoint, right before the last
  // step.
  for (const std::int64_t stop : {1, 7, 10, 16, 29}) {
    StoppingMonitor monitor({stop});
    ASSERT_FALSE(train_run(folder, data_, monitor).has_value());
    EXPECT_FALSE(folder.is_finished());
  }
  StoppingMonitor monitor;
  ASSERT_TRUE(train_run(folder, data_, monitor).has_value());
  EXPECT_EQ(bytes_of(folder.model()), bytes_of(whole.model()));

  const auto expected = read_metrics(whole.metrics());
  const auto found = read_metrics(folder.metrics());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].step, expected[i].step);
    EXPECT_EQ(found[i].epoch, expected[i].epoch);
    EXPECT_EQ(found[i].train_loss, expected[i].train_loss);
    EXPECT_EQ(found[i].test_accuracy, expected[i].test_accuracy);
  }
  EXPECT_EQ(read_summary(folder.summary()).train_loss, read_summary(whole.summary()).train_loss);
}

// What a kill leaves behind: a checkpoint of an earlier step, and records after it.
TEST_F(TrainerTest, WhatAKillLeavesAfterTheCheckpointIsCutOff) {
  const auto whole = finished_run("whole", settings());
  const auto folder = start("killed", settings());
  StoppingMonitor monitor({13});
  train_run(folder, data_, monitor);
  std::ofstream(folder.metrics(), std::ios::app) << R"({"step":20,"epoch":2,"train_loss":9,"test_acc)";
  std::ofstream(folder.path / "checkpoint.pt.1-2.tmp") << "half a checkpoint";
  StoppingMonitor rest;
  ASSERT_TRUE(train_run(folder, data_, rest).has_value());
  EXPECT_EQ(bytes_of(folder.model()), bytes_of(whole.model()));
  EXPECT_EQ(read_metrics(folder.metrics()).size(), read_metrics(whole.metrics()).size());
  EXPECT_FALSE(fs::exists(folder.path / "checkpoint.pt.1-2.tmp"));
}

TEST_F(TrainerTest, TellsTheMonitorWhereItStands) {
  auto config = settings();
  config.limit_steps = 24;
  StoppingMonitor monitor;
  const auto summary = train_run(start("run", config), data_, monitor);
  EXPECT_EQ(monitor.last.step, 24);
  EXPECT_EQ(monitor.last.steps, 24);
  EXPECT_EQ(monitor.last.epoch, 3);
  EXPECT_EQ(monitor.last.epochs, 3);
  ASSERT_EQ(monitor.epochs.size(), 3U);  // the last one cut short
  EXPECT_EQ(monitor.epochs.back().test_accuracy, summary->test_accuracy);
}

TEST_F(TrainerTest, MetricsHaveARecordEveryTenStepsAndOneAtTheEndOfEachEpoch) {
  const auto steps_of = [&](const std::string& name, bool tested_only) {
    std::vector<std::int64_t> steps;
    for (const auto& record : read_metrics(RunFolder{folder_.path / name}.metrics()))
      if (record.test_accuracy || !tested_only) steps.push_back(record.step);
    return steps;
  };
  auto config = settings();
  finished_run("10 steps in an epoch", config);
  config.batch_size = 12;
  finished_run("13 steps in an epoch", config);
  EXPECT_THAT(steps_of("10 steps in an epoch", false), ElementsAre(10, 20, 30));
  EXPECT_THAT(steps_of("13 steps in an epoch", false), ElementsAre(10, 13, 23, 26, 36, 39));
  EXPECT_THAT(steps_of("13 steps in an epoch", true), ElementsAre(13, 26, 39));
}

TEST_F(TrainerTest, DamagedFilesAreOneClearLine) {
  const auto folder = start("run", settings());
  StoppingMonitor monitor({13});
  train_run(folder, data_, monitor);
  const auto checkpoint = bytes_of(folder.checkpoint());

  std::ofstream(folder.checkpoint(), std::ios::binary) << checkpoint.substr(0, checkpoint.size() / 2);
  EXPECT_THAT(error_of_training(folder), HasSubstr("checkpoint.pt: expected a zip archive"));
  std::ofstream(folder.checkpoint(), std::ios::binary) << checkpoint;

  fs::resize_file(folder.metrics(), 10);
  EXPECT_THAT(error_of_training(folder), HasSubstr("metrics.jsonl: expected at least "));

  std::ofstream(folder.config()) << "{\"norm\": \"batch\"";
  EXPECT_THAT(error_of_training(folder), HasSubstr("config.json: expected a JSON object"));
}

TEST_F(TrainerTest, ACheckpointOfAnotherNetworkIsRefused) {
  const auto folder = start("run", settings());
  StoppingMonitor monitor({13});
  train_run(folder, data_, monitor);
  const auto other = start("other", settings(models::Norm::kNone));
  fs::copy_file(folder.checkpoint(), other.checkpoint());
  EXPECT_THAT(error_of_training(other),
              HasSubstr("checkpoint.pt: expected a tensor \"model.features.0.bias\""));
}

TEST_F(TrainerTest, TheNetworkOfACheckpointIsLoadedLikeThatOfAModel) {
  const auto folder = finished_run("run", settings());
  const auto config = training::read_config(folder.config());
  const auto expected = model_files::state_dict(*load_model(folder.model(), config)).tensors;
  const auto network = load_model(folder.checkpoint(), config);
  const auto found = model_files::state_dict(*network).tensors;
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& item : found) EXPECT_TRUE(item.value().equal(expected[item.key()])) << item.key();
  EXPECT_EQ(batch_norms(*network).size(), 3U);
}

TEST_F(TrainerTest, AFolderWithSomethingInItIsNotOverwritten) {
  const auto folder = start("run", settings());
  EXPECT_THROW(start("run", settings()), std::runtime_error);
}

TEST_F(TrainerTest, PicturesOfAnotherSizeAreRefused) {
  data_.test.rows = 14;
  data_.test.columns = 56;
  EXPECT_THROW(start("run", settings()), std::runtime_error);
}

TEST_F(TrainerTest, ALastBatchOfOnePictureIsLeftOut) {
  data_.train = testing::squares(49, 3);
  auto config = settings();
  config.epochs = 2;
  EXPECT_EQ(read_summary(finished_run("run", config).summary()).steps, 6);
}

TEST_F(TrainerTest, AComparisonIsTwoRunsFromTheSameSettings) {
  const auto runs = start_comparison(folder_.path / "both", settings(), data_);
  EXPECT_FALSE(runs.is_finished());
  const auto opened = open_runs(folder_.path / "both");
  ASSERT_EQ(opened.folders.size(), 2U);
  const auto with = training::read_config(opened.folders[0].config());
  const auto without = training::read_config(opened.folders[1].config());
  EXPECT_EQ(with.norm, models::Norm::kBatch);
  EXPECT_EQ(without.norm, models::Norm::kNone);
  EXPECT_EQ(with.seed, without.seed);
}

}  // namespace
}  // namespace evenkeel::runs::trainer_test
