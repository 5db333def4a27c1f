#include "runs/folding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fstream>

#include "data/batches.h"
#include "data/small_digits.h"
#include "model_files/state_dict_file.h"
#include "models/digit_network.h"
#include "python_with_torch.h"
#include "runs/saved_model.h"
#include "temporary_folder.h"

namespace evenkeel::runs::folding_test {
namespace {

class FoldingTest : public ::testing::TestWithParam<models::Norm> {
 protected:
  // A run folder with a model whose norms have statistics, gammas and betas of their own.
  void make_run(models::Norm norm) {
    training::TrainConfig config;
    config.norm = norm;
    config.pixels = data::measure_pixels(data_.train, training::training_pictures(config, data_.train.count));
    training::write_config(folder_.config(), config);
    torch::manual_seed(3);
    models::DigitNetwork network(norm);
    torch::optim::SGD optimiser(network->parameters(), 0.1);
    for (int step = 0; step < 3; ++step) {
      network->zero_grad();
      network->forward(torch::randn({32, 1, 28, 28}) * 2 + 1).square().mean().backward();
      optimiser.step();
    }
    save_model(folder_.model(), *network);
  }

  testing::TemporaryFolder temporary_;
  RunFolder folder_{temporary_.path};
  data::DataSet data_ = testing::small_digits();
};

TEST_P(FoldingTest, TheFoldedNetworkPredictsAsTheTrainedOne) {
  make_run(GetParam());
  auto run = fold_run(folder_, data_, 1);
  EXPECT_EQ(run.of_trained.count, data_.test.count);
  EXPECT_EQ(run.of_trained.confusion, run.of_folded.confusion);
  EXPECT_EQ(run.different_predictions, 0);
  EXPECT_GT(run.largest_logit_difference, 0);
  EXPECT_LT(run.largest_logit_difference, 1e-4);
  ASSERT_EQ(run.steps.size(), 3U);
  EXPECT_EQ(run.steps[2].layer, "classifier.1");
  EXPECT_EQ(run.steps[2].norm, "classifier.2");
  for (const auto& step : run.steps) {
    EXPECT_GT(step.certificate.largest_measured(), 0);
    EXPECT_TRUE((step.certificate.measured <= step.certificate.bound).all().item<bool>()) << step.norm;
  }
}

// The file is that of docs/run_folder.md's network without batch norm, and Python gets the trained network's logits from it.
TEST_P(FoldingTest, PythonLoadsTheFileAndGetsTheSameLogits) {
  const auto python = testing::python_with_torch();
  if (python.empty())
    GTEST_SKIP() << "needs a Python that imports torch: python3, or the one in EVENKEEL_PYTHON";
  make_run(GetParam());
  auto run = fold_run(folder_, data_, 1);
  save_model(folder_.model(), *run.folded);

  const torch::NoGradGuard no_graph;
  model_files::StateDict example;
  example.tensors.insert("pictures", torch::randn({40, 1, 28, 28}));
  example.tensors.insert("logits", run.trained->forward(example.tensors["pictures"]));
  const auto write = [&](const char* name, const model_files::StateDict& state) {
    std::ofstream(temporary_.path / name, std::ios::binary) << model_files::encode_state_dict(state);
  };
  write("example.pt", example);
  write("first.pt", {});  // it did not start from first weights
  EXPECT_TRUE(testing::run_python(python, EVENKEEL_TESTS_FOLDER "/models/python_network.py",
                                  "'" EVENKEEL_TESTS_FOLDER "/../docs/run_folder.md' DigitNetwork '" +
                                      temporary_.path.string() + "' none"));
}

INSTANTIATE_TEST_SUITE_P(Norms, FoldingTest, ::testing::Values(models::Norm::kBatch, models::Norm::kTorch),
                         [](const auto& info) { return std::string(name_of(info.param)); });

using FoldingErrorTest = FoldingTest;
INSTANTIATE_TEST_SUITE_P(None, FoldingErrorTest, ::testing::Values(models::Norm::kNone));

TEST_P(FoldingErrorTest, ARunWithoutBatchNormIsOneLine) {
  make_run(GetParam());
  try {
    fold_run(folder_, data_, 1);
    FAIL() << "expected an error";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(),
              temporary_.path.string() + ": expected a run with batch norm to fold, found norm none");
  }
}

TEST(FoldedFileTest, TheFilesOfARunAreNotWrittenOver) {
  const testing::TemporaryFolder temporary;
  const RunFolder folder{temporary.path};
  EXPECT_NO_THROW(check_not_of_a_run(folder.model()));  // no run
  std::ofstream(folder.config()) << "{}";
  EXPECT_THROW(check_not_of_a_run(folder.model()), std::runtime_error);
  EXPECT_THROW(check_not_of_a_run(temporary.path / "." / "summary.json"), std::runtime_error);
  EXPECT_NO_THROW(check_not_of_a_run(temporary.path / "folded.pt"));
}

}  // namespace
}  // namespace evenkeel::runs::folding_test
