#include "runs/run_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "runs/left_run.h"
#include "temporary_folder.h"

namespace evenkeel::runs::run_report_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RunReportTest : public ::testing::Test {
 protected:
  RunFolder left(const std::string& name, models::Norm norm = models::Norm::kBatch,
                 bool finished = true) const {
    training::TrainConfig config;
    config.norm = norm;
    config.seed = seed;
    return testing::left_run(temporary_.path / name, config, finished);
  }
  std::string page(const std::vector<RunFolder>& folders) const {
    const auto path = temporary_.path / "page.html";
    write_run_report(path, folders);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::uint64_t seed = 1;
  testing::TemporaryFolder temporary_;
};

// The folder has no model, and its data set is not there.
TEST_F(RunReportTest, ThePageIsDrawnFromTheFilesAlone) {
  const auto text = page({left("run")});
  for (const char* part :
       {"<title>Digit recognition with batch norm</title>", "<dd>90.00\u202f%</dd>", "<dd>2 of 20</dd>",
        "<h2>What was taken for what</h2>", "1 of 2 misclassified test pictures",
        "features.1 <small>2 channels</small>", "mnist:/no/such/folder: 150 pictures to train, 20 to test",
        "begun by</th><td>Evenkeel "})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("<h2>Comparison</h2>")));
}

TEST_F(RunReportTest, TheNormsNameRunsThatDifferInThem) {
  const auto text = page({left("one"), left("two", models::Norm::kNone)});
  EXPECT_THAT(text, AllOf(HasSubstr("Digit recognition with and without batch norm"),
                          HasSubstr("<h2>Comparison</h2>"), HasSubstr("<h3>Run batch</h3>"),
                          HasSubstr("<h3>Run none</h3>")));
}

TEST_F(RunReportTest, TheFoldersNameOthersAndWhatDiffersIsSaidForEach) {
  const auto first = left("first");
  seed = 7;
  const auto text = page({first, left("second"), left("third")});
  EXPECT_THAT(text, HasSubstr("Digit recognition: first, second, third"));
  EXPECT_THAT(text, HasSubstr("seed</th><td>first: 1; second: 7; third: 7</td>"));
  EXPECT_THAT(text, HasSubstr("batch size</th><td>64</td>"));
}

TEST_F(RunReportTest, ARunThatIsNotFinishedIsShownAsItWasTestedLast) {
  const auto text = page({left("run", models::Norm::kBatch, false)});
  EXPECT_THAT(text,
              AllOf(HasSubstr("<dt>Test accuracy</dt><dd>90.00\u202f%</dd>"), HasSubstr("12.5\u202fs")));
}

TEST_F(RunReportTest, ARunThatWasNeverTestedIsOneLine) {
  const auto folder = left("run");
  std::filesystem::remove(folder.evaluation());
  try {
    page({folder});
    FAIL() << "expected an error";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(),
              folder.evaluation().string() +
                  ": expected what a run writes when it tests its network, found nothing that can be read");
  }
}

}  // namespace
}  // namespace evenkeel::runs::run_report_test
