#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "files/version.h"
#include "runs/metrics.h"
#include "runs/run_folder.h"
#include "runs/run_lock.h"
#include "temporary_folder.h"
#include "training/config.h"

namespace evenkeel::runs::run_files_test {
namespace {

using ::testing::HasSubstr;

template <typename Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

class ConfigTest : public ::testing::Test {
 protected:
  std::string error_of_reading(const std::string& text) const {
    std::ofstream(path_) << text;
    return error_of([&] { training::read_config(path_); });
  }

  std::string with(const std::string& key, const std::string& value) const {
    training::write_config(path_, training::TrainConfig{});
    std::ifstream file(path_);
    auto json = nlohmann::json::parse(file);
    json[key] = nlohmann::json::parse(value);
    return json.dump();
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path / "config.json";
};

TEST_F(ConfigTest, ComesBackAsItWasWritten) {
  training::TrainConfig config;
  config.norm = models::Norm::kTorch;
  config.data = "mnist:/some where/\"else\"";
  config.learning_rate = 0.1 + 0.2;
  config.seed = std::numeric_limits<std::uint64_t>::max();
  config.limit_steps = 7;
  training::write_config(path_, config);
  const auto read = training::read_config(path_);
  EXPECT_EQ(read.norm, config.norm);
  EXPECT_EQ(read.data, config.data);
  EXPECT_EQ(read.learning_rate, config.learning_rate);
  EXPECT_EQ(read.seed, config.seed);
  EXPECT_EQ(read.limit_steps, 7);
  EXPECT_EQ(read.epochs, 10);
}

TEST_F(ConfigTest, TheRecipeOfResNet9ComesBackAsItWasWritten) {
  auto config = training::default_config(models::Model::kResNet9);
  config.width = 16;
  config.limit_pictures = 5000;
  config.augment = false;
  config.schedule = training::Schedule::kDoubling;
  config.momentum = 0.8;
  config.weight_decay = 1e-3;
  config.pixels.mean = {0.5, 0.25, 0.125};
  config.pixels.deviation = {1, 2, 3};
  training::write_config(path_, config);
  const auto read = training::read_config(path_);
  EXPECT_EQ(read.model, models::Model::kResNet9);
  EXPECT_EQ(read.optimiser, training::OptimiserKind::kSgd);
  EXPECT_EQ(read.width, 16);
  EXPECT_EQ(read.limit_pictures, 5000);
  EXPECT_FALSE(read.augment);
  EXPECT_EQ(read.schedule, training::Schedule::kDoubling);
  EXPECT_EQ(read.momentum, 0.8);
  EXPECT_EQ(read.weight_decay, 1e-3);
  EXPECT_EQ(read.pixels.mean, config.pixels.mean);
  EXPECT_EQ(read.pixels.deviation, config.pixels.deviation);
}

TEST_F(ConfigTest, ResNet9sDefaultsArePublishedOnes) {
  const auto config = training::default_config(models::Model::kResNet9);
  EXPECT_EQ(config.epochs, 24);
  EXPECT_EQ(config.batch_size, 512);
  EXPECT_EQ(config.learning_rate, 0.4);
  EXPECT_EQ(config.momentum, 0.9);
  EXPECT_EQ(config.weight_decay, 5e-4);
  EXPECT_EQ(config.schedule, training::Schedule::kPeak);
  EXPECT_TRUE(config.augment);
  EXPECT_EQ(config.width, 64);
  EXPECT_NO_THROW(training::check(config));
}

// As version 0.1.0 wrote it before there was a choice of the model.
TEST_F(ConfigTest, ARunFromBeforeResNet9IsADigitRun) {
  std::ofstream(path_) << R"({"norm": "batch", "data": "digits", "epochs": 2, "batch_size": 64,
    "learning_rate": 0.001, "seed": 1, "limit_steps": 300, "checkpoint_every": 500, "threads": 2,
    "pixel_mean": 0.1062, "pixel_deviation": 0.2368})";
  const auto config = training::read_config(path_);
  EXPECT_EQ(config.model, models::Model::kDigits);
  EXPECT_EQ(config.optimiser, training::OptimiserKind::kAdam);
  EXPECT_EQ(config.schedule, training::Schedule::kConstant);
  EXPECT_FALSE(config.augment);
  EXPECT_EQ(config.limit_pictures, 0);
  EXPECT_EQ(config.pixels.mean, std::vector<double>{0.1062});
  EXPECT_EQ(config.pixels.deviation, std::vector<double>{0.2368});
}

TEST_F(ConfigTest, DamageIsOneClearLine) {
  EXPECT_THAT(error_of_reading(""), HasSubstr("config.json: expected a JSON object"));
  EXPECT_THAT(error_of_reading("[1]"), HasSubstr("config.json: expected a JSON object"));
  EXPECT_THAT(error_of_reading("{}"), HasSubstr("config.json: expected \"data\", found no such key"));
  EXPECT_THAT(error_of_reading(with("norm", "\"cats\"")),
              HasSubstr("norm: expected one of batch, torch, none, group, "));
  EXPECT_THAT(error_of_reading(with("epochs", "\"ten\"")),
              HasSubstr("\"epochs\": expected an integer of at least 0, found \"ten\""));
  EXPECT_THAT(error_of_reading(with("epochs", "-1")), HasSubstr("found -1"));
  EXPECT_THAT(error_of_reading(with("epochs", "0")), HasSubstr("epochs: expected 1 to 1000000000, found 0"));
  EXPECT_THAT(error_of_reading(with("threads", "99999999999")), HasSubstr("threads: expected 1 to 4096"));
  EXPECT_THAT(error_of_reading(with("learning_rate", "null")),
              HasSubstr("learning rate: expected a number above 0"));
  EXPECT_THAT(error_of_reading(with("pixel_deviation", "0")), HasSubstr("pixel deviation"));
  EXPECT_THAT(error_of_reading(with("pixel_mean", "[0.5, \"a\"]")),
              HasSubstr("\"pixel_mean\": expected a number or a list of numbers"));
  EXPECT_THAT(error_of_reading(with("pixel_mean", "[0.5, 0.5]")),
              HasSubstr("pixel mean and deviation: expected one of each for every channel, 2, found 1"));
  EXPECT_THAT(error_of_reading(with("model", "\"vgg\"")),
              HasSubstr("config.json: model: expected one of digits, resnet9, found \"vgg\""));
  EXPECT_THAT(error_of_reading(with("width", "0")), HasSubstr("width: expected 1 to 1024, found 0"));
  EXPECT_THAT(error_of_reading(with("momentum", "1")), HasSubstr("momentum: expected 0 or more, below 1"));
  EXPECT_THAT(error_of_reading(with("weight_decay", "-1")), HasSubstr("weight decay: expected 0 or more"));
  EXPECT_THAT(error_of_reading(with("limit_pictures", "1")),
              HasSubstr("picture limit: expected 0 (none), 2"));
  EXPECT_THAT(error_of_reading(with("augment", "1")),
              HasSubstr("\"augment\": expected true or false, found 1"));
}

TEST_F(ConfigTest, ABatchNormNeedsBatchesOfTwo) {
  training::TrainConfig config;
  config.batch_size = 1;
  EXPECT_THAT(error_of([&] { training::check(config); }), HasSubstr("batch size: expected 2 to"));
  config.norm = models::Norm::kNone;
  EXPECT_NO_THROW(training::check(config));
}

TEST(MetricsFileTest, RecordsComeBackAndALossThatIsNoNumberIsNull) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "metrics.jsonl";
  {
    MetricsFile file(path, 0);
    file.append({10, 1, 0.1, std::nullopt, 2.5});
    file.append({20, 1, std::nan(""), 0.75, 5});
    EXPECT_EQ(file.flush(), static_cast<std::int64_t>(std::filesystem::file_size(path)));
  }
  const auto records = read_metrics(path);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].train_loss, 0.1);
  EXPECT_FALSE(records[0].test_accuracy.has_value());
  EXPECT_TRUE(std::isnan(records[1].train_loss));
  EXPECT_EQ(records[1].test_accuracy, 0.75);
}

TEST(MetricsFileTest, AFileShorterThanTheCheckpointSaysIsRefused) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "metrics.jsonl";
  std::ofstream(path) << "{}\n";
  EXPECT_THAT(error_of([&] { MetricsFile(path, 4); }),
              HasSubstr("expected at least 4 bytes, as the checkpoint says, found 3"));
  EXPECT_EQ(std::filesystem::file_size(path), 3U);
}

TEST(MetricsFileTest, ALineThatIsNoRecordIsNamed) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path / "metrics.jsonl";
  std::ofstream(path) << R"({"step":1,"epoch":1,"train_loss":0.5,"test_accuracy":null,"seconds":1})"
                      << "\n{\"step\":2}\n";
  EXPECT_THAT(error_of([&] { read_metrics(path); }), HasSubstr("expected a record on line 2"));
  for (const auto* step : {"7e21", "1.5", "-1", "9223372036854775808", "null"}) {
    std::ofstream(path) << R"({"epoch":1,"train_loss":0.5,"test_accuracy":null,"seconds":1,"step":)" << step
                        << "}\n";
    EXPECT_THAT(error_of([&] { read_metrics(path); }), HasSubstr("expected a record on line 1")) << step;
  }
}

TEST(MetricsFileTest, AFullDiskIsOneClearLine) {
  MetricsFile file("/dev/full", 0);
  EXPECT_EQ(error_of([&] { file.append({}); }), "cannot write /dev/full: No space left on device");
}

TEST(RunLockTest, ASecondTrainerOfTheSameRunIsRefused) {
  const testing::TemporaryFolder temporary;
  const auto folder = create_run_folder(temporary.path / "run");
  training::write_config(folder.config(), training::TrainConfig{});
  {
    const RunLock first(folder);
    EXPECT_THAT(error_of([&] { RunLock second(folder); }),
                HasSubstr("found one that another process is training"));
  }
  EXPECT_NO_THROW(RunLock again(folder));
}

// NFS refuses an exclusive lock on a descriptor that cannot write.
TEST(RunLockTest, TheFileIsOpenedForWriting) {
  const testing::TemporaryFolder temporary;
  const auto folder = create_run_folder(temporary.path / "run");
  training::write_config(folder.config(), training::TrainConfig{});
  const RunLock lock(folder);
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code closed;
    if (std::filesystem::read_symlink(entry.path(), closed) != std::filesystem::canonical(folder.config()))
      continue;
    ++found;
    EXPECT_EQ(::fcntl(std::stoi(entry.path().filename()), F_GETFL) & O_ACCMODE, O_RDWR);
  }
  EXPECT_EQ(found, 1);
}

TEST(RunFolderTest, OnlyWhatARunLeavesIsRemoved) {
  const testing::TemporaryFolder temporary;
  const auto folder = create_run_folder(temporary.path / "run");
  const auto make = [&](const std::string& name) { std::ofstream(folder.path / name) << "x"; };
  const std::vector<std::string> own = {"checkpoint.pt.1-2.tmp", "model.pt.4194304-10.tmp",
                                        "report.html.77-0.tmp"};
  const std::vector<std::string> others = {
      "notes.tmp",       "model.pt.tmp",    "model.pt.1-2.tmp.bak", "model.pt.a-2.tmp",
      "model.pt.1-.tmp", "model.pt.12.tmp", "other.pt.1-2.tmp",     ".tmp"};
  for (const auto& name : own) make(name);
  for (const auto& name : others) make(name);
  std::filesystem::create_directory(folder.path / "summary.json.1-2.tmp");
  remove_temporary_files(folder);
  for (const auto& name : own) EXPECT_FALSE(std::filesystem::exists(folder.path / name)) << name;
  for (const auto& name : others) EXPECT_TRUE(std::filesystem::exists(folder.path / name)) << name;
  EXPECT_TRUE(std::filesystem::exists(folder.path / "summary.json.1-2.tmp"));
}

TEST(RunFolderTest, ARunBegunByAnotherVersionSaysSo) {
  const testing::TemporaryFolder temporary;
  const auto folder = create_run_folder(temporary.path / "run");
  training::write_config(folder.config(), training::TrainConfig{});
  EXPECT_EQ(other_writer(folder), "");
  auto json = nlohmann::json::parse(std::ifstream(folder.config()));
  json["libtorch"] = "0.4.1";
  std::ofstream(folder.config()) << json;
  EXPECT_EQ(other_writer(folder), "begun by Evenkeel " + files::versions().evenkeel +
                                      " with LibTorch 0.4.1, this is " + text_of(files::versions()));
  json.erase("libtorch");
  std::ofstream(folder.config()) << json;
  EXPECT_EQ(other_writer(folder), "");
}

TEST(RunFolderTest, DefaultNamesSayWhenAndWhatAndNeverCollide) {
  const auto path = default_run_path("mnist:/some/where", "batch");
  EXPECT_THAT(path.string(), ::testing::MatchesRegex("runs/[-0-9]+-mnist-batch(-[0-9]+)?"));
}

}  // namespace
}  // namespace evenkeel::runs::run_files_test
