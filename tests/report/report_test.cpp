#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <vector>

#include "report/example_report.h"
#include "report/fake_gnuplot.h"
#include "report/page_text.h"

namespace evenkeel::report::report_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;
namespace fs = std::filesystem;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    std::string name = (fs::temp_directory_path() / "report_test.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ReportTest() override { fs::remove_all(folder_); }

  std::string read() const {
    std::ifstream file(folder_ / "report.html", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string page(const Report& report) const {
    write_report(folder_ / "report.html", report);
    return read();
  }

  fs::path folder_;
};

std::vector<std::string> plots_of(const std::string& page) { return pieces(page, "<svg", "</svg>"); }

TEST_F(ReportTest, EverySectionAndEveryHeadlineFigureIsThere) {
  const std::string text = page({"Digits", {{"seed", "42"}}, {example_run()}});
  EXPECT_THAT(text, StartsWith("<!DOCTYPE html>"));
  for (const char* part :
       {"<title>Digits</title>", "<h1>Digits</h1>", "<dt>Test accuracy</dt><dd>99.43\u202f%</dd>",
        "<dt>Test errors</dt><dd>57 of 10000</dd>", "<dt>Training loss</dt><dd>0.00612</dd>",
        "<dt>Epochs</dt><dd>10</dd>", "<dt>Time</dt><dd>3\u202fmin 25\u202fs</dd>",
        "<h2>How the training went</h2>", "<h2>Misclassified pictures</h2>",
        "21 of 57 misclassified test pictures", "<h2>Batch-norm layers</h2>",
        "features.1 <small>20 channels</small>", "classifier.1 <small>500 channels</small>",
        "<h2>What was run</h2>", "<tr><th scope=\"row\">seed</th><td>42</td></tr>"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_EQ(count(text, "<svg"), 2 + 3 * 4);
  EXPECT_EQ(count(text, "<img src=\"data:image/png;base64,"), 21);
  EXPECT_THAT(text, Not(HasSubstr("<h2>Comparison</h2>")));
}

TEST_F(ReportTest, ThePageIsWellFormedAndRefersToNothingOutside) {
  for (const Report& report : {example_comparison(), shortest_report()}) {
    const std::string text = page(report);
    EXPECT_EQ(unbalanced_tag(text), "");
    for (const char* word : {"http", "://", "<script", "url(", "@import", " id="}) {
      EXPECT_THAT(text, Not(HasSubstr(word)));
    }
  }
}

TEST_F(ReportTest, EveryPlotSaysWhatItShowsAndEveryPictureHasAText) {
  const std::string text = page(example_comparison());
  EXPECT_EQ(count(text, "<svg"), count(text, "role=\"img\""));
  EXPECT_EQ(count(text, "<img"), count(text, " alt=\"Test picture of a "));
  EXPECT_THAT(text, HasSubstr("aria-label=\"Training loss over the training steps. batch: from "));
}

TEST_F(ReportTest, TwoRunsAreDrawnInOnePlotAndCompared) {
  const std::string text = page(example_comparison());
  EXPECT_THAT(text, HasSubstr("<h2>Comparison</h2>"));
  EXPECT_THAT(text, HasSubstr("<b>batch</b> ends 0.53 percentage points above <b>none</b>"));
  EXPECT_THAT(text, HasSubstr("Error rate</th><td>0.57\u202f%</td><td>1.10\u202f%</td>"));
  const auto plots = plots_of(text);
  for (int curve = 0; curve < 2; ++curve) {
    EXPECT_THAT(plots[static_cast<std::size_t>(curve)],
                AllOf(HasSubstr("class=\"ink-1\""), HasSubstr("class=\"ink-2\"")));
  }
  EXPECT_EQ(count(text, "class=\"legend\""), 2);
}

// 2 standard deviations of a difference: 200 sqrt(2 p (1 - p) / n) points, 0.83 for p = 0.98 and n = 2240.
TEST_F(ReportTest, ADifferenceWithinTheNoiseOfThePicturesIsSaidToBeThat) {
  Report report = example_comparison();
  report.runs[0].final_test_accuracy = 0.9825;
  report.runs[1].final_test_accuracy = 0.9815;
  for (auto& run : report.runs) run.test.count = 2000;
  EXPECT_THAT(
      page(report),
      HasSubstr("<b>batch</b> ends 0.10 percentage points above <b>none</b> in test accuracy, which is "
                "within the noise of 2000 test pictures, ±0.84."));
  for (auto& run : report.runs) run.test.count = 200000;
  EXPECT_THAT(page(report), HasSubstr("above <b>none</b> in test accuracy.</p>"));
}

TEST_F(ReportTest, TheAccuracyAxisEndsWhereAccuraciesEnd) {
  for (const double accuracy : {0.95, 0.9991, 1.0, 0.0, 0.02}) {
    Report report = shortest_report();
    report.runs[0].test_accuracy = {{1, accuracy}};
    const auto plot = plots_of(page(report)).at(1);
    for (const std::string& label : pieces(plot, "<text>", "</text>")) {
      char* end = nullptr;
      const double number = std::strtod(label.c_str() + std::string("<text>").size(), &end);
      if (*end != 0) continue;
      EXPECT_GE(number, 0) << accuracy;
      EXPECT_LE(number, 100) << accuracy;
    }
    EXPECT_EQ(count(plot, "<circle"), 1) << accuracy;  // on the edge too
  }
}

TEST_F(ReportTest, ManyPointsAreSmoothedAndThePageSaysHow) {
  const std::string text = page({"Digits", {}, {example_run()}});
  EXPECT_THAT(text, HasSubstr("the mean of 235 neighbouring values"));
  EXPECT_THAT(plots_of(text)[0], AllOf(HasSubstr("class=\"faint-1\""), HasSubstr("class=\"ink-1\"")));
  EXPECT_THAT(plots_of(text)[0], HasSubstr("logarithmic"));
  EXPECT_THAT(plots_of(text)[1], Not(HasSubstr("faint")));
}

TEST_F(ReportTest, EveryTextIsEscaped) {
  Report report = example_comparison();
  const std::string evil = "<script>\"'&";
  report.title = evil;
  report.settings = {{evil, evil}};
  for (RunForReport& run : report.runs) run.label = evil;
  report.runs[0].layers[0].name = evil;
  report.runs[0].train_loss[5].y = kNaN;  // has a remark with the label
  const std::string text = page(report);
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, Not(HasSubstr("\"'&")));
  EXPECT_EQ(unbalanced_tag(text), "");
}

TEST_F(ReportTest, ValuesThatAreNotFiniteAreGapsAndSaid) {
  Report report = {"Odd", {}, {example_run()}};
  RunForReport& run = report.runs[0];
  run.train_loss[100].y = kInfinity;
  run.train_loss[5000].y = kNaN;
  run.test_accuracy[3].y = kNaN;
  run.layers[0].running_mean[4] = kNaN;
  run.layers[1].weight.assign(50, kInfinity);
  run.final_train_loss = kNaN;
  const std::string text = page(report);
  EXPECT_THAT(text, HasSubstr("batch: 2 of 9380 values are not finite"));
  EXPECT_THAT(text, HasSubstr("batch: 1 of 10 values is not finite"));
  EXPECT_THAT(text, HasSubstr("running mean: 1 of 20 values not finite"));
  EXPECT_THAT(text, HasSubstr("γ (weight): 50 of 50 values not finite"));
  EXPECT_THAT(text, HasSubstr("<dt>Training loss</dt><dd>not a number</dd>"));
  const auto plots = plots_of(text);
  EXPECT_EQ(plots.size(), 2 + 3 * 4 - 1U);
  for (std::string plot : plots) {
    std::transform(plot.begin(), plot.end(), plot.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_THAT(plot, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
  }
}

TEST_F(ReportTest, ALossThatNeverWasFiniteHasNoPlot) {
  Report report = shortest_report();
  report.runs[0].train_loss = {{1, kNaN}, {2, kNaN}};
  const std::string text = page(report);
  EXPECT_EQ(count(text, "<svg"), 0);
  EXPECT_EQ(count(text, "Nothing to draw: no finite value was recorded."), 2);
}

TEST_F(ReportTest, AnUntestedRunClaimsNothing) {
  const std::string text = page(shortest_report());
  EXPECT_THAT(text, HasSubstr("<dt>Test accuracy</dt><dd>not tested</dd>"));
  EXPECT_THAT(text, HasSubstr("Not known: the network was not tested."));
  EXPECT_THAT(text, Not(HasSubstr("\u202f%")));
  EXPECT_EQ(count(text, "<circle"), 1);  // the only loss
}

TEST_F(ReportTest, WithoutLayersAndWithoutErrorsThePageSaysSo) {
  Report report = {"Perfect", {}, {example_run()}};
  report.runs[0].layers.clear();
  report.runs[0].test.misclassified.clear();
  report.runs[0].test.errors = 0;
  const std::string text = page(report);
  EXPECT_THAT(text, HasSubstr("This network has no batch-norm layers."));
  EXPECT_THAT(text, HasSubstr("None: every test picture was classified correctly."));
}

TEST_F(ReportTest, ALayerMayLackParametersOrStatistics) {
  Report report = {"Digits", {}, {example_run()}};
  LayerState plain, nothing;
  plain.name = "plain";
  plain.running_mean = {0.5, 0.25};
  plain.running_var = {2, 3};
  nothing.name = "nothing";
  report.runs[0].layers = {plain, nothing};
  const std::string text = page(report);
  EXPECT_THAT(text, HasSubstr("This layer has no γ (weight)."));
  EXPECT_THAT(text, HasSubstr("nothing <small>0 channels</small>"));
  EXPECT_EQ(count(text, "<svg"), 2 + 2);
}

TEST_F(ReportTest, AThousandChannelsStaySmall) {
  Report report = {"Wide", {}, {shortest_report().runs[0]}};
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back((i * 7919 % 1000) * 1e30);
  LayerState wide;
  wide.name = "wide";
  wide.running_mean = wide.running_var = wide.weight = wide.bias = values;
  report.runs[0].layers = {wide};
  const std::string text = page(report);
  EXPECT_LT(text.size(), 100'000U);
  EXPECT_THAT(text, HasSubstr("<td>0 <small>channel&nbsp;0</small></td><td>4.995e+32</td>"));
}

TEST_F(ReportTest, OnlySixtyPicturesAreShown) {
  Report report = {"Many", {}, {example_run()}};
  RunForReport& run = report.runs[0];
  run.test.misclassified.assign(500, run.test.misclassified[0]);
  run.test.errors = 500;
  const std::string text = page(report);
  EXPECT_EQ(count(text, "<img"), 60);
  EXPECT_THAT(text, HasSubstr("60 of 500 misclassified test pictures"));
}

TEST_F(ReportTest, TheConfusionMatrixHasARowForEachClassAndDarkerCellsForMoreMistakes) {
  Report report = {"Three", {}, {shortest_report().runs[0]}};
  auto& test = report.runs[0].test;
  test.count = 100;
  test.errors = 21;
  test.confusion = {{30, 1, 0}, {20, 40, 0}, {0, 0, 9}};
  test.class_names = {"cat", "<b>", ""};
  std::string text = page(report);
  EXPECT_THAT(text, HasSubstr("<h2>What was taken for what</h2>"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "<tr><th scope=\"row\">cat</th><td class=\"right\">30</td><td class=\"shade-1\">1</td><td></td>"
          "<td>96.77\u202f%</td></tr>"));
  EXPECT_THAT(text, HasSubstr("<tr><th scope=\"row\">&lt;b&gt;</th><td class=\"shade-5\">20</td><td "
                              "class=\"right\">40</td><td></td>"));
  EXPECT_THAT(text, HasSubstr("<tr><th scope=\"row\">2</th><td></td><td></td><td "
                              "class=\"right\">9</td><td>100.00\u202f%</td></tr>"));
  EXPECT_EQ(unbalanced_tag(text), "");
  test.confusion.clear();
  EXPECT_THAT(page(report), Not(HasSubstr("taken for what")));
}

TEST_F(ReportTest, AFailureLeavesTheOldPage) {
  const std::string before = page(shortest_report());
  Report report = shortest_report();
  report.title = "another";
  {
    const FakeGnuplot none;
    EXPECT_THROW(write_report(folder_ / "report.html", report), std::runtime_error);
  }
  EXPECT_EQ(read(), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ReportTest, NoRunIsOneClearLine) {
  EXPECT_THAT(
      [&] {
        write_report(folder_ / "report.html", {"Nothing", {}, {}});
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("expected 1 to 8 runs, found 0")));
  EXPECT_FALSE(fs::exists(folder_ / "report.html"));
}

TEST_F(ReportTest, APictureOfTheWrongSizeIsOneClearLine) {
  Report report = {"Digits", {}, {example_run()}};
  report.runs[0].test.misclassified[3].pixels.pop_back();
  EXPECT_THAT([&] { write_report(folder_ / "report.html", report); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("found 783 bytes for 28 x 28")));
}

TEST_F(ReportTest, ColouredPicturesStandBesideTheNamesOfTheirClasses) {
  Report report{"Colours", {}, {example_run()}};
  report.runs[0].test.class_names = {"airplane", "<b>oat", "c", "d", "e", "f", "g", "h", "i", "j"};
  auto& picture = report.runs[0].test.misclassified[0];
  picture = {std::vector<std::uint8_t>(3 * 32 * 32), 32, 32, 0, 1, 0.5, 3};
  const std::string text = page(report);
  EXPECT_THAT(text, HasSubstr("<img class=\"colour\""));
  EXPECT_THAT(text, HasSubstr("Test picture of an airplane that was taken for a &lt;b&gt;oat"));
  EXPECT_THAT(text, HasSubstr("<b>airplane</b> → <b class=\"wrong\">&lt;b&gt;oat</b>"));
}

}  // namespace
}  // namespace evenkeel::report::report_test
