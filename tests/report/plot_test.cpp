#include "report/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "report/fake_gnuplot.h"
#include "report/gnuplot.h"
#include "report/page_text.h"

namespace evenkeel::report::plot_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Plot simple_plot(const std::vector<Point>& points, bool markers = false) {
  Plot plot;
  plot.description = "Loss <falling>";
  plot.x_label = "it's a step";
  plot.y_label = "γ";
  plot.x = {0, 10};
  plot.y = {0, 4};
  plot.curves = {{points, {Ink::Kind::kRun, 2}, 2, markers}};
  return plot;
}

TEST(PlotTest, SvgHasLabelsDescriptionAndTheInkOfTheRun) {
  const std::string svg = draw_plot(simple_plot({{1, 1}, {5, 3}, {9, 2}}));
  EXPECT_THAT(svg, StartsWith("<svg "));
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 440 300\""));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"Loss &lt;falling&gt;\""));
  EXPECT_THAT(svg, HasSubstr(">it's a step</text>"));
  EXPECT_THAT(svg, HasSubstr(">γ</text>"));
  EXPECT_EQ(count(svg, "<path class=\"ink-2\""), 1);
}

TEST(PlotTest, SvgLeavesColoursFontsAndIdsToThePage) {
  const std::string svg = draw_plot(simple_plot({{1, 1}, {5, 3}}, true));
  for (const char* word :
       {"rgb(", "'black'", "\"black\"", "gray", "white", "font-family", " id=", "xlink", "http"}) {
    EXPECT_THAT(svg, Not(HasSubstr(word)));
  }
}

TEST(PlotTest, EveryGroupThatOpensCloses) {
  EXPECT_EQ(unbalanced_tag(draw_plot(simple_plot({{1, 1}, {5, 3}}, true))), "");
}

TEST(PlotTest, ValuesThatCannotBeDrawnAreGaps) {
  for (const double value : {kNaN, std::numeric_limits<double>::infinity(), 1e305}) {
    const std::string svg = draw_plot(simple_plot({{1, 1}, {2, 2}, {3, value}, {4, 2}, {5, 3}}));
    const auto curves = pieces(svg, "<path class=\"ink-2\"", "/>");
    ASSERT_EQ(curves.size(), 1U) << value;
    // Two strokes of one line each.
    EXPECT_EQ(count(curves[0], "M"), 2) << curves[0];
    EXPECT_EQ(count(curves[0], "L"), 2) << curves[0];
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
  }
}

TEST(PlotTest, ALineThatLeavesTheFrameIsDrawnUpToIt) {
  const std::string svg = draw_plot(simple_plot({{1, 1}, {2, 9}, {3, 1}}));
  const auto curves = pieces(svg, "<path class=\"ink-2\"", "/>");
  ASSERT_EQ(curves.size(), 1U);
  EXPECT_EQ(count(curves[0], "L"), 2) << curves[0];
}

TEST(PlotTest, APointBetweenGapsIsADot) {
  const std::string svg = draw_plot(simple_plot({{1, 1}, {2, 2}, {3, kNaN}, {4, 2}, {5, kNaN}}));
  const auto dots = pieces(svg, "<circle ", "/>");
  ASSERT_EQ(dots.size(), 1U);
  EXPECT_THAT(dots[0], HasSubstr("class=\"ink-2\""));
}

TEST(PlotTest, MarkersAreDots) {
  EXPECT_EQ(count(draw_plot(simple_plot({{1, 1}, {2, 2}, {3, 3}}, true)), "<circle "), 3);
}

TEST(PlotTest, APlotWithoutAPointIsAnEmptyFrame) {
  const std::string svg = draw_plot(simple_plot({{1, kNaN}}));
  EXPECT_THAT(svg, HasSubstr(">γ</text>"));
  EXPECT_EQ(count(svg, "ink-2"), 0);
}

TEST(PlotTest, TopTicsAreLabelledLines) {
  Plot plot = simple_plot({{1, 1}, {5, 3}});
  plot.top_label = "epoch";
  plot.top_tics = {{3, "1"}, {6, "2"}};
  const std::string with = draw_plot(plot);
  EXPECT_THAT(with, HasSubstr(">epoch</text>"));
  EXPECT_EQ(count(with, "gridline"), count(draw_plot(simple_plot({{1, 1}, {5, 3}})), "gridline") + 2);
}

TEST(PlotTest, HugeAndTinyValuesAreDrawn) {
  for (const double value : {1e300, -1e300, 1e-300, 1e-12, 0.0, 3.4e38}) {
    Plot plot = simple_plot({{1, value}, {5, value}});
    plot.y = with_margin({value, value});
    EXPECT_EQ(count(draw_plot(plot), "<path class=\"ink-2\""), 1) << value;
  }
  Plot both = simple_plot({{1, -1e300}, {5, 1e300}});
  both.y = with_margin({-1e300, 1e300});
  EXPECT_EQ(count(draw_plot(both), "<path class=\"ink-2\""), 1);
}

TEST(PlotTest, StepsHaveWholeNumbers) {
  Plot plot = simple_plot({{1, 1}});
  plot.x = {0, 1};
  plot.y = {0, 40};
  EXPECT_THAT(draw_plot(plot), Not(HasSubstr(">0.5<")));
}

TEST(GnuplotTest, AMissingProgramIsOneClearLine) {
  const FakeGnuplot none;
  EXPECT_THAT([] { run_gnuplot("plot x"); },
              ThrowsMessage<std::runtime_error>(AllOf(
                  HasSubstr("expected the program gnuplot on the PATH, found none"), Not(HasSubstr("\n")))));
}

TEST(GnuplotTest, AnErrorInTheScriptIsOneClearLine) {
  EXPECT_THAT([] { run_gnuplot("plot no_such_function(x)\n"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("undefined function: no_such_function"), Not(HasSubstr("\n")))));
}

TEST(GnuplotTest, AFailureWithoutAWordStillNamesTheCode) {
  const FakeGnuplot gnuplot("exit 3");
  EXPECT_THAT([] { run_gnuplot("plot x"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("gnuplot ended with code 3: no message")));
}

TEST(GnuplotTest, AnEndBySignalIsNamed) {
  const FakeGnuplot gnuplot("kill -9 $$");
  EXPECT_THAT([] { run_gnuplot("plot x"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("gnuplot was ended by signal 9")));
}

TEST(GnuplotTest, AProgramThatNeverReadsItsScriptCannotBlockOrKillUs) {
  const FakeGnuplot gnuplot("exit 0");
  EXPECT_EQ(run_gnuplot(std::string(10'000'000, '#')), "");
}

TEST(GnuplotTest, OutputThatIsNoSvgIsOneClearLine) {
  const FakeGnuplot gnuplot("echo hello");
  EXPECT_THAT(
      [] {
        draw_plot(simple_plot({{1, 1}}));
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("expected an SVG document from gnuplot, found 6 bytes")));
}

// What gnuplot writes is read as XML: another version may choose other quotes, another order, other lines.
TEST(GnuplotTest, HowItWritesItsSvgDoesNotMatter) {
  const FakeGnuplot gnuplot(R"sh(while IFS= read -r line; do echo "$line"; done <<'END'
<?xml version='1.0'?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox='0 0 440 300'>
<title>Gnuplot</title><g id='gnuplot_canvas'><rect width='440' height='300'/><defs><path id='gpPt0'/></defs><g
  id='gnuplot_plot_1'><title>a</title><g stroke='rgb(0,0,2)' fill="none"><path d="M1,2 L3,4"
  stroke="rgb(0,0,2)"/><use transform="scale(2.5) translate(7,8)" color='rgb(  0, 0,   2)' xlink:href="#gpPt6"/></g></g><g
  fill='black' font-family='Arial'><text>a &lt; b</text></g><g stroke="black"/></g></svg>
END
)sh");
  const auto svg = draw_plot(simple_plot({{1, 1}}));
  EXPECT_EQ(unbalanced_tag(svg), "");
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 440 300\""));
  EXPECT_EQ(count(svg, "<path class=\"ink-2\" d=\"M1,2 L3,4\""), 1);
  EXPECT_EQ(count(svg, "<circle class=\"ink-2\" cx=\"7\" cy=\"8\" r=\"2.5\""), 1);
  EXPECT_THAT(svg, HasSubstr("<g class=\"curve\">"));
  EXPECT_THAT(svg, HasSubstr(">a &lt; b</text>"));
  EXPECT_EQ(count(svg, "<g"), 3);
  for (const char* word : {"rgb(", "black", "font-family", " id=", "xlink", "title", "gpPt", "rect"})
    EXPECT_THAT(svg, Not(HasSubstr(word)));
}

TEST(GnuplotTest, SvgThatBreaksOffIsOneClearLine) {
  const FakeGnuplot gnuplot("echo '<svg viewBox=\"0 0 1 1\"><g><path'");
  EXPECT_THAT(
      [] {
        draw_plot(simple_plot({{1, 1}}));
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("expected an SVG document from gnuplot")));
}

}  // namespace
}  // namespace evenkeel::report::plot_test
