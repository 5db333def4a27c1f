// A ResNet-like model trained and saved by Python, as it is and with each defect planted in one channel of one layer:
// exactly that is found. And find_defects() at its thresholds.
#include "evenkeel/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "python_with_torch.h"
#include "temporary_folder.h"

namespace evenkeel::inspect_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BatchNormState healthy() {
  return {.name = "bn",
          .weight = {1, 0.9, -1.1, 1},
          .bias = {0, 0.1, 0, 0},
          .running_mean = {0.5, -2, 0, 100},
          .running_var = {1, 2, 0.01, 4},
          .batches_tracked = 1000};
}

std::vector<std::string> defects_of(const BatchNormState& layer) {
  std::vector<std::string> names;
  for (const auto& finding : find_defects(layer)) names.emplace_back(name_of(finding.defect));
  return names;
}

TEST(FindDefectsTest, AHealthyLayerHasNone) {
  EXPECT_THAT(defects_of(healthy()), ElementsAre());
  auto plain = healthy();
  plain.weight = plain.bias = {};
  EXPECT_THAT(defects_of(plain), ElementsAre());
}

TEST(FindDefectsTest, ThresholdsAreWhereTheHeaderSays) {
  auto layer = healthy();
  layer.running_var[1] = layer.eps;
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.running_var[1] = std::nextafter(layer.eps, 0);
  EXPECT_THAT(defects_of(layer), ElementsAre("constant-input"));
  layer = healthy();
  layer.running_mean[3] = 2 * kHugeMeanInStd;  // the standard deviation is 2
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.running_mean[3] = -2.001 * kHugeMeanInStd;
  EXPECT_THAT(defects_of(layer), ElementsAre("huge-mean"));
  layer = healthy();
  layer.weight[1] = 1.001 * kTinyWeight;  // the median is 1
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.weight[1] = -0.999 * kTinyWeight;
  EXPECT_THAT(defects_of(layer), ElementsAre("weight-tiny"));
  layer = healthy();
  layer.batches_tracked = 44;  // 0.9^44 = 0.0097
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.batches_tracked = 43;
  layer.running_var[2] = 0.02;
  EXPECT_THAT(defects_of(layer), ElementsAre("young"));
  layer.momentum = 0.5;
  EXPECT_THAT(defects_of(layer), ElementsAre());
}

TEST(FindDefectsTest, YoungMeansThatTheFirstVarianceIsStillThere) {
  auto layer = healthy();
  layer.batches_tracked = 10;  // 0.9^10 = 0.349
  layer.running_var = {0.35, 2, 0.9, 4};
  EXPECT_THAT(defects_of(layer), ElementsAre("young"));
  layer.running_var[0] =
      0.3;  // less than what a moving average would have kept: exact statistics, or a plain average
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.running_var[0] = 0.35;
  layer.momentum = 0;
  EXPECT_THAT(defects_of(layer), ElementsAre());
}

TEST(FindDefectsTest, WeightsRoundZeroHaveNoDeadChannel) {
  auto layer = healthy();
  layer.weight = {0.02, -0.03, 0.01, -0.00001};
  EXPECT_THAT(defects_of(layer), ElementsAre());
  layer.weight[1] = 0.03;
  EXPECT_THAT(defects_of(layer), ElementsAre("weight-tiny"));
  for (auto& weight : layer.weight) weight *= 50;  // of a usual size, and one of them negative
  layer.weight[1] = -1.5;
  EXPECT_THAT(defects_of(layer), ElementsAre("weight-tiny"));
}

TEST(FindDefectsTest, SentencesNameTheChannels) {
  auto layer = healthy();
  layer.weight = {0, 0, 0, 0};
  EXPECT_EQ(
      find_defects(layer).at(0).what,
      "weight is 0, as when the last norm of a residual branch has just been initialised: all 4 channels");
  EXPECT_EQ(find_defects(layer).at(0).severity, Severity::kWarning);
  layer = healthy();
  layer.running_var[0] = layer.running_var[2] = -1;
  EXPECT_EQ(find_defects(layer).at(0).what, "running_var is negative: channels 0 and 2");
  EXPECT_THAT(find_defects(layer).at(0).channels, ElementsAre(0, 2));
}

class InspectModelsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto python = testing::python_with_torch();
    if (python.empty()) return;
    folder_ = std::make_unique<testing::TemporaryFolder>();
    ASSERT_TRUE(testing::run_python(python, EVENKEEL_TESTS_FOLDER "/model_files/python_models.py",
                                    "write '" + folder_->path.string() + "'"));
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override {
    if (!folder_) GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  }

  static Inspection look(const std::string& name) { return inspect(folder_->path / name); }

  static std::vector<std::string> names(const Inspection& inspection) {
    std::vector<std::string> result;
    for (const auto& layer : inspection.layers) result.push_back(layer.state.name);
    return result;
  }

  inline static std::unique_ptr<testing::TemporaryFolder> folder_;
};

TEST_F(InspectModelsTest, ATrainedModelIsHealthyHoweverItWasSaved) {
  for (const char* name :
       {"plain.pt", "plain_checkpoint.pt", "plain_script.pt", "plain_trace.pt", "plain_module.pt",
        "plain_protocol3.pt", "plain_protocol4.pt", "plain_protocol5.pt", "plain_nested.pt"}) {
    const auto inspection = look(name);
    EXPECT_THAT(names(inspection),
                ElementsAre("bn1", "layer1.0.bn1", "layer1.0.bn2", "layer1.1.bn1", "layer1.1.bn2"))
        << name;
    for (const auto& layer : inspection.layers) {
      EXPECT_TRUE(layer.findings.empty()) << name << ": " << layer.findings.front().what;
      EXPECT_EQ(layer.state.batches_tracked, 60);
      EXPECT_EQ(layer.state.weight.size(), 8U);
      EXPECT_EQ(layer.state.running_var.size(), 8U);
    }
  }
}

TEST_F(InspectModelsTest, TorchScriptAndWholeModulesSayEpsAndMomentum) {
  for (const char* name : {"plain_script.pt", "plain_trace.pt", "plain_module.pt"}) {
    const auto inspection = look(name);
    EXPECT_EQ(inspection.layers.at(0).state.eps, 1e-3) << name;
    EXPECT_EQ(inspection.layers.at(0).state.momentum, 0.3) << name;
    EXPECT_EQ(inspection.layers.at(1).state.eps, 1e-5) << name;
    EXPECT_EQ(inspection.layers.at(1).state.momentum, 0.1) << name;
  }
}

TEST_F(InspectModelsTest, EachPlantedDefectIsFoundAndNothingElse) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_->path)) {
    const auto name = file.path().stem().string();  // DEFECT.PLACE.pt
    const auto dot = name.find('.');
    if (dot == std::string::npos) continue;
    ++files;
    const auto inspection = inspect(file.path());
    int found = 0;
    for (const auto& layer : inspection.layers) {
      for (const auto& finding : layer.findings) {
        ++found;
        EXPECT_EQ(layer.state.name, "layer1.0.bn1") << name;
        EXPECT_EQ(name_of(finding.defect), name.substr(0, dot)) << name;
        EXPECT_TRUE(finding.channels.empty() || finding.channels == std::vector<std::int64_t>{2}) << name;
      }
    }
    EXPECT_EQ(found, 1) << name;
  }
  EXPECT_EQ(files, 18);
}

TEST_F(InspectModelsTest, AFrozenTorchScriptModelHasNoLayersLeft) {
  EXPECT_TRUE(look("no_norms.pt").layers.empty());
}

TEST_F(InspectModelsTest, SeveralModelsInOneFileHaveTheEntrysNameBefore) {
  EXPECT_THAT(names(look("two.pt")), ElementsAre("a.1", "b.1"));
}

}  // namespace
}  // namespace evenkeel::inspect_test
