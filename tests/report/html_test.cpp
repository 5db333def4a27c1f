#include "report/html.h"

#include <gtest/gtest.h>

#include <limits>

namespace evenkeel::report::html_test {
namespace {

TEST(HtmlTest, EveryCharacterWithAMeaningIsEscaped) {
  EXPECT_EQ(escape("<b a=\"1\" c='2'>&amp;"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
}

TEST(HtmlTest, NumbersReadWell) {
  EXPECT_EQ(number_text(0.0061234), "0.006123");
  EXPECT_EQ(number_text(-1.5), "\u22121.5");
  EXPECT_EQ(number_text(10), "10");
  EXPECT_EQ(number_text(3e37), "3e+37");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "not a number");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "\u2212infinite");
}

TEST(HtmlTest, PercentHasTwoDecimals) { EXPECT_EQ(percent_text(0.98934), "98.93\u202f%"); }

TEST(HtmlTest, DurationsGrowIntoMinutesAndHours) {
  EXPECT_EQ(duration_text(0), "0\u202fs");
  EXPECT_EQ(duration_text(12.34), "12.3\u202fs");
  EXPECT_EQ(duration_text(59.94), "59.9\u202fs");
  EXPECT_EQ(duration_text(59.96), "1\u202fmin 0\u202fs");
  EXPECT_EQ(duration_text(205.4), "3\u202fmin 25\u202fs");
  EXPECT_EQ(duration_text(3599.6), "1\u202fh 00\u202fmin");
  EXPECT_EQ(duration_text(7500), "2\u202fh 05\u202fmin");
  EXPECT_EQ(duration_text(-1), "unknown");
}

TEST(HtmlTest, OneIsSingular) {
  EXPECT_EQ(count_text(1, "error"), "1 error");
  EXPECT_EQ(count_text(0, "error"), "0 errors");
}

}  // namespace
}  // namespace evenkeel::report::html_test
