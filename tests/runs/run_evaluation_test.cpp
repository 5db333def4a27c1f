#include "runs/run_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "runs/left_run.h"
#include "temporary_folder.h"

namespace evenkeel::runs::run_evaluation_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class RunEvaluationTest : public ::testing::Test {
 protected:
  std::string error_of_reading(const std::string& text) const {
    std::ofstream(path_) << text;
    try {
      read_evaluation(path_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string with(const std::function<void(nlohmann::json&)>& change) const {
    write_evaluation(path_, testing::left_evaluation());
    auto json = nlohmann::json::parse(std::ifstream(path_));
    change(json);
    return json.dump();
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path / "evaluation.json";
};

TEST_F(RunEvaluationTest, ComesBackAsItWasWritten) {
  auto written = testing::left_evaluation();
  written.layers[0].running_var[1] = std::numeric_limits<double>::infinity();
  written.layers[0].bias.clear();
  written.test.misclassified[0].confidence = std::nan("");
  written.test.class_names = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "<j>"};
  write_evaluation(path_, written);
  const auto read = read_evaluation(path_);
  EXPECT_EQ(read.epoch, 3);
  EXPECT_EQ(read.seconds, 12.5);
  EXPECT_EQ(read.training_count, 150);
  EXPECT_EQ(read.test.count, 20);
  EXPECT_EQ(read.test.errors, 2);
  EXPECT_EQ(read.test.confusion, written.test.confusion);
  EXPECT_EQ(read.test.class_names, written.test.class_names);
  ASSERT_EQ(read.test.misclassified.size(), 1U);
  EXPECT_EQ(read.test.misclassified[0].pixels, written.test.misclassified[0].pixels);
  EXPECT_EQ(read.test.misclassified[0].predicted, 7);
  EXPECT_TRUE(std::isnan(read.test.misclassified[0].confidence));
  ASSERT_EQ(read.layers.size(), 1U);
  EXPECT_EQ(read.layers[0].name, "features.1");
  EXPECT_EQ(read.layers[0].running_mean, written.layers[0].running_mean);
  EXPECT_EQ(read.layers[0].running_var, written.layers[0].running_var);
  EXPECT_EQ(read.layers[0].weight, written.layers[0].weight);
  EXPECT_TRUE(read.layers[0].bias.empty());
}

TEST_F(RunEvaluationTest, DamageIsOneLineThatNamesTheFile) {
  for (const auto& text : {std::string(), std::string("[]"), std::string("{}"),
                           with([](auto& json) { json["confusion"][2].push_back(1); }),
                           with([](auto& json) { json["confusion"][0][0] = -1; }),
                           with([](auto& json) { json["confusion"] = "none"; }),
                           with([](auto& json) { json["misclassified"][0]["pixels"] = "<script>"; }),
                           with([](auto& json) { json["layers"][0]["weight"] = {"one"}; }),
                           with([](auto& json) { json.erase("layers"); })}) {
    const auto error = error_of_reading(text);
    EXPECT_THAT(error, StartsWith(path_.string() + ": expected ")) << text;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
  EXPECT_THAT(error_of_reading(with([](auto& json) { json["test_errors"] = 3; })),
              HasSubstr("expected 20 pictures and 2 errors as in the confusion matrix, found 20 and 3"));
}

}  // namespace
}  // namespace evenkeel::runs::run_evaluation_test
