// Whole runs of ResNet-9: training, resuming, evaluating, calibrating, folding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

#include "data/batches.h"
#include "data/small_colours.h"
#include "model_files/state_dict_file.h"
#include "runs/calibration.h"
#include "runs/evaluate_run.h"
#include "runs/folding.h"
#include "runs/metrics.h"
#include "runs/run_report.h"
#include "runs/saved_model.h"
#include "runs/train_run.h"
#include "temporary_folder.h"
#include "training/evaluation.h"

namespace evenkeel::runs::resnet9_run_test {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class StopAfter : public TrainingMonitor {
 public:
  explicit StopAfter(std::int64_t step = -1) : stop_(step) {}
  void after_step(const training::TrainingStatus& status) override { last_ = status.step; }
  void after_epoch(const training::TrainingStatus&) override {}
  bool stop_requested() override { return last_ == stop_; }

 private:
  std::int64_t stop_;
  std::int64_t last_ = 0;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The pictures as a file of CIFAR-10.
void write_records(const fs::path& path, const data::Pictures& pictures, std::int64_t first,
                   std::int64_t count) {
  std::ofstream file(path, std::ios::binary);
  for (std::int64_t i = first; i < first + count; ++i) {
    file.put(static_cast<char>(pictures.labels[static_cast<std::size_t>(i)]));
    file.write(reinterpret_cast<const char*>(pictures.pixels.data()) + i * pictures.picture_bytes(),
               pictures.picture_bytes());
  }
}

class ResNet9RunTest : public ::testing::Test {
 protected:
  ResNet9RunTest() {
    const auto all = testing::small_colours();
    for (int i = 0; i < 5; ++i)
      write_records(temporary_.path / ("data_batch_" + std::to_string(i + 1) + ".bin"), all.train, 30 * i,
                    30);
    write_records(temporary_.path / "test_batch.bin", all.test, 0, all.test.count);
    data_ = data::open_data_set("cifar10:" + temporary_.path.string());
  }

  // 5 steps in an epoch: 150 pictures in batches of 32, the last one of 22.
  static training::TrainConfig settings(models::Norm norm = models::Norm::kBatch) {
    auto config = training::default_config(models::Model::kResNet9);
    config.norm = norm;
    config.width = 2;
    config.epochs = 2;
    config.batch_size = 32;
    config.checkpoint_every = 3;
    return config;
  }

  RunFolder start(const std::string& name, const training::TrainConfig& config) const {
    return start_run(temporary_.path / name, config, data_);
  }

  RunFolder finished_run(const std::string& name, const training::TrainConfig& config) const {
    const auto folder = start(name, config);
    StopAfter never;
    EXPECT_TRUE(train_run(folder, data_, never).has_value());
    return folder;
  }

  std::string error_of_starting(const training::TrainConfig& config, const data::DataSet& data) const {
    try {
      start_run(temporary_.path / "wrong", config, data);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder temporary_;
  data::DataSet data_;
};

TEST_F(ResNet9RunTest, LearnsTheColours) {
  for (const auto norm : {models::Norm::kBatch, models::Norm::kTorch}) {
    auto config = settings(norm);
    config.width = 8;
    config.epochs = 12;
    config.batch_size = 16;
    config.learning_rate = 0.1;
    const auto folder = finished_run(std::string(name_of(norm)), config);
    const auto summary = read_summary(folder.summary());
    EXPECT_GT(summary.test_accuracy, 0.9) << name_of(norm);
    EXPECT_EQ(summary.steps, 120);
    EXPECT_EQ(evaluate_run(folder, folder.model(), data_, 1).accuracy(), summary.test_accuracy);
  }
}

// In so few steps it learns little: that is the claim which it is there to test.
TEST_F(ResNet9RunTest, TrainsWithoutBatchNormAsWell) {
  const auto folder = finished_run("none", settings(models::Norm::kNone));
  const auto summary = read_summary(folder.summary());
  EXPECT_TRUE(std::isfinite(summary.train_loss));
  EXPECT_EQ(evaluate_run(folder, folder.model(), data_, 1).accuracy(), summary.test_accuracy);
}

TEST_F(ResNet9RunTest, StoppedAndResumedItEndsInTheSameBitsAsNeverStopped) {
  const auto whole = finished_run("whole", settings());
  const auto folder = start("stopped", settings());
  for (const std::int64_t stop : {1, 4, 5, 9}) {
    StopAfter monitor(stop);
    ASSERT_FALSE(train_run(folder, data_, monitor).has_value());
  }
  StopAfter never;
  ASSERT_TRUE(train_run(folder, data_, never).has_value());
  EXPECT_EQ(bytes_of(folder.model()), bytes_of(whole.model()));
  const auto expected = read_metrics(whole.metrics());
  const auto found = read_metrics(folder.metrics());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].train_loss, expected[i].train_loss);
}

TEST_F(ResNet9RunTest, TheCheckpointHoldsTheMomentum) {
  const auto folder = start("run", settings());
  StopAfter monitor(4);
  train_run(folder, data_, monitor);
  const auto tensors = model_files::read_state_dict(folder.checkpoint()).tensors;
  EXPECT_GT(tensors["sgd.residual3.conv2.weight.momentum_buffer"].abs().sum().item<float>(), 0);
  for (const auto& key : tensors.keys()) EXPECT_EQ(key.find("adam"), std::string::npos) << key;
}

TEST_F(ResNet9RunTest, AlteredPicturesAndTheScheduleDecideTheResult) {
  const auto model = bytes_of(finished_run("as published", settings()).model());
  auto config = settings();
  config.augment = false;
  EXPECT_NE(bytes_of(finished_run("as they are", config).model()), model);
  config = settings();
  config.schedule = training::Schedule::kConstant;
  EXPECT_NE(bytes_of(finished_run("constant", config).model()), model);
  config = settings();
  config.weight_decay = 0;
  EXPECT_NE(bytes_of(finished_run("no decay", config).model()), model);
}

TEST_F(ResNet9RunTest, LimitedToTheFirstPicturesItNeverSeesTheRest) {
  auto config = settings();
  config.limit_pictures = 64;
  const auto folder = finished_run("limited", config);
  EXPECT_EQ(read_summary(folder.summary()).steps, 4);
  for (auto& pixel : std::span(data_.train.pixels).subspan(64 * 3072))
    pixel = static_cast<std::uint8_t>(~pixel);
  EXPECT_EQ(bytes_of(finished_run("others behind", config).model()), bytes_of(folder.model()));
}

TEST_F(ResNet9RunTest, ADifferentModelsPicturesAreOneClearLine) {
  data::DataSet grey{"digits",
                     10,
                     {2, 28, 28, std::vector<std::uint8_t>(2 * 784), {0, 1}},
                     {2, 28, 28, std::vector<std::uint8_t>(2 * 784), {0, 1}}};
  EXPECT_EQ(error_of_starting(settings(), grey),
            "digits: expected pictures of 3 x 32 x 32 for the model resnet9, found 1 x 28 x 28");
  EXPECT_THAT(error_of_starting(training::TrainConfig{}, data_),
              HasSubstr(": expected pictures of 1 x 28 x 28 for the model digits, found 3 x 32 x 32"));
}

TEST_F(ResNet9RunTest, ConfigKeepsTheMeanAndDeviationOfEachColour) {
  for (std::size_t i = 0; i < data_.train.pixels.size(); ++i)
    data_.train.pixels[i] = static_cast<std::uint8_t>(i / 1024 % 3 == 1 ? 51 * (i % 2) : 102);
  const auto config = training::read_config(start("run", settings()).config());
  EXPECT_EQ(config.pixels.mean, (std::vector<double>{0.4, 0.1, 0.4}));
  EXPECT_EQ(config.pixels.deviation, (std::vector<double>{1e-4, 0.1, 1e-4}));
}

// 150 pictures as one batch, through LibTorch's operators: what the first norm of the network sees.
TEST_F(ResNet9RunTest, CalibrationGivesTheFirstNormTheStatisticsOfAllPictures) {
  const auto folder = finished_run("run", settings());
  const auto config = training::read_config(folder.config());
  const auto network = load_model(folder.model(), config);
  const auto result = calibrate(*network, data_, config, {.batch_size = 40}, [](auto, auto) {});
  EXPECT_EQ(result.pictures, 150);
  ASSERT_EQ(result.layers.size(), 8U);
  EXPECT_EQ(result.layers[2].name, "residual1.norm1");

  std::vector<std::int64_t> order(150);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  const auto tensors = model_files::state_dict(*network).tensors;
  const auto x = torch::conv2d(data::BatchMaker(data_.train, config.pixels)(order).pictures,
                               tensors["prep.conv.weight"], {}, 1, 1)
                     .to(torch::kDouble);
  EXPECT_TRUE(tensors["prep.norm.running_mean"].to(torch::kDouble).allclose(x.mean({0, 2, 3}), 1e-5, 1e-6));
  EXPECT_TRUE(tensors["prep.norm.running_var"].to(torch::kDouble).allclose(x.var({0, 2, 3}), 1e-5, 1e-6));
}

TEST_F(ResNet9RunTest, FoldedItPredictsAsTrained) {
  for (const auto norm : {models::Norm::kBatch, models::Norm::kTorch}) {
    const auto folder = finished_run(std::string(name_of(norm)), settings(norm));
    const auto run = fold_run(folder, data_, 1);
    EXPECT_EQ(run.of_trained.count, 60);
    EXPECT_EQ(run.different_predictions, 0) << name_of(norm);
    EXPECT_GT(run.largest_logit_difference, 0);
    EXPECT_LT(run.largest_logit_difference, 1e-4);
    ASSERT_EQ(run.steps.size(), 8U);
    EXPECT_EQ(run.steps[7].norm, "residual3.norm2");
    EXPECT_EQ(run.steps[7].layer, "residual3.conv2");
    for (const auto& step : run.steps)
      EXPECT_TRUE((step.certificate.measured <= step.certificate.bound).all().item<bool>()) << step.norm;
    save_model(temporary_.path / "folded.pt", *run.folded);
    EXPECT_EQ(evaluate_run(folder, temporary_.path / "folded.pt", data_, 1).confusion,
              run.of_folded.confusion);
  }
}

TEST_F(ResNet9RunTest, TheReportShowsColouredPicturesWithTheNamesOfTheirClasses) {
  auto config = settings();
  config.limit_steps = 1;
  const auto folder = finished_run("run", config);
  write_run_report(folder.report(), {folder});
  const auto page = bytes_of(folder.report());
  EXPECT_THAT(page, HasSubstr("<img class=\"colour\""));
  EXPECT_THAT(page, HasSubstr("ResNet-9, width 2"));
  EXPECT_THAT(page, HasSubstr("Nesterov momentum 0.9, weight decay 0.0005"));
  EXPECT_TRUE(page.find("<b>airplane</b>") != std::string::npos ||
              page.find("<b>frog</b>") != std::string::npos || page.find("<b>cat</b>") != std::string::npos);
}

// The loss stops being a number; the run goes on to its end and says so.
TEST_F(ResNet9RunTest, ARunThatBreaksIsEvaluatedAndReportedAllTheSame) {
  auto config = settings(models::Norm::kNone);
  config.learning_rate = 1e12;
  config.schedule = training::Schedule::kConstant;
  const auto folder = finished_run("broken", config);
  const auto summary = read_summary(folder.summary());
  EXPECT_FALSE(std::isfinite(summary.train_loss));
  EXPECT_NO_THROW(write_run_report(folder.report(), {folder}));
}

TEST_F(ResNet9RunTest, AModelThatLiesAloneIsRecognised) {
  const auto folder = finished_run("run", settings());
  training::TrainConfig config;
  recognise_model(folder.model(), config);
  EXPECT_EQ(config.model, models::Model::kResNet9);
  EXPECT_EQ(config.width, 2);
  EXPECT_NO_THROW(load_model(folder.model(), config));
  config.width = 3;
  EXPECT_THROW(load_model(folder.model(), config), std::runtime_error);
}

}  // namespace
}  // namespace evenkeel::runs::resnet9_run_test
