#include "report/inspection_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>

#include "report/channel_strip.h"

namespace evenkeel::report::inspection_page_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator()));
}

TEST(ChannelStripTest, EveryChannelHasACellThatSaysItsValue) {
  const auto html = channel_strip({"weight", {1, 2, 3}, {false, true, false}, false});
  EXPECT_EQ(count(html, "<rect"), 3U);
  EXPECT_EQ(count(html, "class=\"marked\""), 1U);
  EXPECT_THAT(
      html,
      HasSubstr(
          "x=\"0\" width=\"1.02\" y=\"2\" height=\"8\" fill-opacity=\"0.12\"><title>channel 0: 1</title>"));
  EXPECT_THAT(html, HasSubstr("<title>channel 1: 2</title>"));
  EXPECT_THAT(html, HasSubstr("fill-opacity=\"1.00\"><title>channel 2: 3</title>"));
  EXPECT_THAT(html, HasSubstr("1 to 3"));
}

TEST(ChannelStripTest, OnALogarithmicScaleTheMiddleIsTheGeometricMean) {
  const auto html = channel_strip({"deviation", {1, 10, 100}, {}, true});
  EXPECT_THAT(html, HasSubstr("fill-opacity=\"0.56\"><title>channel 1: 10"));  // 0.12 + 0.88 / 2
}

TEST(ChannelStripTest, ManyChannelsShareCellsAndNoMarkedOneIsLost) {
  std::vector<double> values(1000, 1);
  values[777] = std::numeric_limits<double>::quiet_NaN();
  const auto html = channel_strip({"weight", values, {}, false});
  EXPECT_EQ(count(html, "<rect"), 250U);
  EXPECT_EQ(count(html, "class=\"marked\""), 1U);
  EXPECT_THAT(html, HasSubstr("<title>channels 776 to 779, 777: not a number</title>"));
}

TEST(ChannelStripTest, NothingAndOneValueAreFine) {
  EXPECT_EQ(channel_strip({"weight", {}, {}, false}), "");
  EXPECT_THAT(channel_strip({"weight", {0}, {}, true}), HasSubstr("channel 0: 0"));
}

TEST(InspectionPageTest, FindingsStandInWordsAndNamesAreText) {
  Inspection inspection;
  inspection.source = "<b>.pt: state dict";
  auto& layer = inspection.layers.emplace_back();
  layer.state.name = "a<script>";
  layer.state.running_mean = {0, 1};
  layer.state.running_var = {1, -2};
  layer.findings = find_defects(layer.state);
  const auto html = inspection_page(inspection);
  EXPECT_THAT(html, HasSubstr("<b class=\"severity-error\">error</b> running_var is negative: channel 1"));
  EXPECT_THAT(html, HasSubstr("a&lt;script&gt; <small>2 channels, age unknown"));
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, Not(HasSubstr("<b>.pt")));
  EXPECT_EQ(count(html, "class=\"marked\""), 1U);
}

}  // namespace
}  // namespace evenkeel::report::inspection_page_test
