#include "report/inspection_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "files/json_file.h"
#include "report/channel_strip.h"
#include "report/inspection_text.h"

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

// A hundred and twenty layers that are new, one of them broken too.
Inspection many_layers() {
  Inspection inspection;
  inspection.source = "some/where/model.pt: state dict";
  for (int i = 0; i < 120; ++i) {
    auto& layer = inspection.layers.emplace_back();
    layer.state.name = "bn" + std::to_string(i);
    layer.state.running_mean = {0.5, 1};
    layer.state.running_var = {1, 2};
    layer.state.batches_tracked = 3;
    if (i == 7) layer.state.bias = {0, std::numeric_limits<double>::infinity()};
    layer.findings = find_defects(layer.state);
  }
  return inspection;
}

TEST(InspectionTextTest, WhatManyLayersHaveIsSaidOnceAndExceptionsStandOut) {
  const auto text = inspection_text(many_layers());
  EXPECT_EQ(count(text, "young"), 1U);
  EXPECT_THAT(text, HasSubstr("note     all 120 layers: young: 3 batches"));
  EXPECT_THAT(text, HasSubstr("error    bn7: bias is NaN or Inf: channel 1"));
  auto some = many_layers();
  some.layers[3].findings.clear();
  EXPECT_THAT(inspection_text(some),
              HasSubstr("note     119 of 120 layers (bn0, bn1, bn2, bn4, ...): young"));
}

TEST(InspectionPageTest, WhatManyLayersHaveIsSaidOnce) {
  const auto html = inspection_page(many_layers());
  EXPECT_EQ(count(html, "young"), 1U);
  EXPECT_THAT(html, HasSubstr("<h1>model.pt: state dict</h1>"));
  EXPECT_EQ(count(html, "<dt>"), 3U);
}

// Without its variance, and with nothing finite in it.
TEST(InspectionTextTest, LayersThatCouldNotBeReadAreShown) {
  Inspection inspection;
  auto& layer = inspection.layers.emplace_back();
  layer.state.name = "bn";
  layer.state.running_mean = {std::nan(""), std::nan("")};
  layer.findings = {{Defect::kUnreadable, Severity::kError, "running_var: gone\x1b[31m", {}}};
  EXPECT_THAT(inspection_text(inspection), HasSubstr("error    bn: running_var: gone?[31m"));
  EXPECT_THAT(inspection_page(inspection), HasSubstr("running_var: gone"));
  const auto json = inspection_json(inspection);
  EXPECT_EQ(json["layers"][0]["channels"], 2);
  EXPECT_TRUE(json["layers"][0]["running_var"].is_null());
  EXPECT_EQ(files::json_text(json).find("null") != std::string::npos, true);
  EXPECT_THAT(files::json_text(json), HasSubstr("\"min\": \"nan\""));
}

}  // namespace
}  // namespace evenkeel::report::inspection_page_test
