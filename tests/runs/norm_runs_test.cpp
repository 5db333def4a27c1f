// Whole runs with every norm: trained, stopped and resumed, evaluated, reported, folded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "data/small_digits.h"
#include "runs/evaluate_run.h"
#include "runs/folding.h"
#include "runs/run_report.h"
#include "runs/saved_model.h"
#include "runs/train_run.h"
#include "temporary_folder.h"
#include "training/evaluation.h"

namespace evenkeel::models::norm_runs_test {
namespace {

using ::testing::HasSubstr;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StopAfter : public runs::TrainingMonitor {
 public:
  explicit StopAfter(std::int64_t step) : step_(step) {}
  void after_step(const training::TrainingStatus& status) override { last_ = status.step; }
  void after_epoch(const training::TrainingStatus&) override {}
  bool stop_requested() override { return last_ == step_; }

 private:
  std::int64_t step_;
  std::int64_t last_ = 0;
};

class NormRunsTest : public ::testing::TestWithParam<Norm> {
 protected:
  // 15 steps; the last batch of an epoch has 6 pictures.
  runs::RunFolder start(const std::string& name) const {
    training::TrainConfig config;
    config.norm = GetParam();
    config.batch_size = 16;
    config.epochs = 2;
    config.limit_steps = 15;
    return runs::start_run(temporary_.path / name, config, data_);
  }

  runs::RunFolder finished() const {
    const auto folder = start("run");
    StopAfter never(-1);
    EXPECT_TRUE(runs::train_run(folder, data_, never).has_value());
    return folder;
  }

  testing::TemporaryFolder temporary_;
  data::DataSet data_ = testing::small_digits();
};

TEST_P(NormRunsTest, LearnsAndIsEvaluatedAndReportedAsItWasTrained) {
  const auto folder = finished();
  const auto summary = runs::read_summary(folder.summary());
  EXPECT_GT(summary.test_accuracy, 0.25);  // chance: 0.1
  EXPECT_EQ(runs::evaluate_run(folder, folder.model(), data_, 1).accuracy(), summary.test_accuracy);
  runs::write_run_report(temporary_.path / "report.html", {folder});
  EXPECT_THAT(bytes_of(temporary_.path / "report.html"), HasSubstr("Digit recognition with"));
}

TEST_P(NormRunsTest, StoppedAndResumedItEndsInTheSameBitsAsNeverStopped) {
  const auto whole = finished();
  const auto folder = start("stopped");
  for (const std::int64_t stop : {2, 12}) {
    StopAfter monitor(stop);
    ASSERT_FALSE(runs::train_run(folder, data_, monitor).has_value());
  }
  StopAfter never(-1);
  ASSERT_TRUE(runs::train_run(folder, data_, never).has_value());
  EXPECT_EQ(bytes_of(folder.model()), bytes_of(whole.model()));
}

TEST_P(NormRunsTest, IsFoldedIfItIsABatchNormInEvaluationAndOtherwiseRefusedInOneLine) {
  const auto folder = finished();
  if (!is_batch_norm_in_evaluation(GetParam())) {
    try {
      runs::fold_run(folder, data_, 1);
      FAIL() << "expected an error";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), folder.path.string() + ": expected a run with batch norm to fold, found norm " +
                                  std::string(name_of(GetParam())));
    }
    return;
  }
  const auto folded = runs::fold_run(folder, data_, 1);
  EXPECT_EQ(folded.of_trained.accuracy(), runs::read_summary(folder.summary()).test_accuracy);
  // Logits near 10 at most, in float32 through four layers.
  EXPECT_LT(folded.largest_logit_difference, 1e-3);
  runs::save_model(temporary_.path / "folded.pt", *folded.folded);
  EXPECT_EQ(runs::evaluate_run(folder, temporary_.path / "folded.pt", data_, 1).accuracy(),
            folded.of_folded.accuracy());
}

INSTANTIATE_TEST_SUITE_P(Norms, NormRunsTest, ::testing::ValuesIn(all_norms()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace evenkeel::models::norm_runs_test
