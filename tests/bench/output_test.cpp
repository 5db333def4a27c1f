// Tables and JSON from figures that are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "bench/kernel_json.h"
#include "bench/kernel_summary.h"
#include "bench/kernel_table.h"
#include "bench/text.h"

namespace evenkeel::bench::output_test {
namespace {

using testing::HasSubstr;

Timing timing(double seconds) { return {{0.9 * seconds, seconds, 1.1 * seconds}, 5, 1, false}; }

Measurement measurement(const Shape& shape, double ours, double torch, double slow_limit, double fast_limit) {
  return {shape,
          Layout::kChannelsFirst,
          {Pass::kTraining, true},
          {{timing(ours), Peer::kEvenkeel, ""},
           {timing(torch), Peer::kTorch, ""},
           {timing(slow_limit), Peer::kLimit, "loop"},
           {timing(fast_limit), Peer::kLimit, "memcpy"}}};
}

// The second tensor alone has more than 8 MB.
KernelBenchResult example() {
  return {{{"processor", "abacus"}},
          {},
          {measurement({2, 3, 4, 5}, 2e-6, 8e-6, 5e-6, 1e-6),
           measurement({64, 64, 32, 32}, 3e-3, 48e-3, 9e-3, 2e-3)}};
}

TEST(BenchOutputTest, TheFastestWayOfAPeerCounts) {
  const auto result = example();
  const auto& one = result.measurements.front();
  EXPECT_EQ(one.fastest(Peer::kLimit)->way, "memcpy");
  EXPECT_DOUBLE_EQ(one.ratio(Peer::kEvenkeel, Peer::kLimit), 2);
  EXPECT_EQ(one.fastest(Peer::kOneDnn), nullptr);
  EXPECT_TRUE(std::isnan(one.ratio(Peer::kOneDnn, Peer::kEvenkeel)));
}

TEST(BenchOutputTest, MeansAreTakenOverShapes) {
  const auto result = example();
  const auto all = groups(result);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NEAR(all[0].mean_ratio(Peer::kTorch, Peer::kEvenkeel), 8, 1e-12);  // of 4 and 16
  EXPECT_NEAR(all[0].mean_over_limit_when_large(), 1.5, 1e-12);
}

TEST(BenchOutputTest, TheTableShowsTimesRatiosAndMeans) {
  const auto table = kernel_tables(example());
  EXPECT_THAT(table, HasSubstr("processor   abacus\n"));
  EXPECT_THAT(table, HasSubstr("\ntraining forward + ReLU, channels first\n"));
  EXPECT_THAT(table,
              HasSubstr("  2x3x4x5             2.00 us    20 %     2.00     4.00x       -        -\n"));
  EXPECT_THAT(table,
              HasSubstr("  64x64x32x32         3.00 ms    20 %     1.50     16.0x       -        -\n"));
  EXPECT_THAT(table,
              HasSubstr("  mean                                    1.73     8.00x       -        -\n"));
  EXPECT_THAT(table, HasSubstr("\n8 of 48 samples were dropped"));
}

TEST(BenchOutputTest, DisturbedFiguresAreMarkedAndTheMarkIsExplained) {
  auto result = example();
  EXPECT_THAT(kernel_tables(result), testing::Not(HasSubstr("~")));
  result.measurements[1].timings[2].disturbed = true;
  EXPECT_THAT(kernel_tables(result), HasSubstr("        - ~\n"));
  EXPECT_THAT(kernel_tables(result), HasSubstr("\n~ where too few others were left"));
}

TEST(BenchOutputTest, JsonHasEveryFigure) {
  const auto json = kernel_json(example());
  EXPECT_EQ(json["environment"]["processor"], "abacus");
  EXPECT_EQ(json["rounds"], 21);
  ASSERT_EQ(json["measurements"].size(), 2U);
  const auto& one = json["measurements"][1];
  EXPECT_EQ(one["operation"], "training forward + ReLU");
  EXPECT_EQ(one["layout"], "channels first");
  EXPECT_EQ(one["shape"], nlohmann::json({64, 64, 32, 32}));
  EXPECT_EQ(one["bytes"], 16777216);
  ASSERT_EQ(one["timings"].size(), 4U);
  const auto& last = one["timings"][3];
  EXPECT_EQ(last["peer"], "limit");
  EXPECT_EQ(last["way"], "memcpy");
  EXPECT_EQ(last["median_seconds"], 2e-3);
  EXPECT_EQ(last["low_quartile_seconds"], 0.9 * 2e-3);
  EXPECT_EQ(last["high_quartile_seconds"], 1.1 * 2e-3);
  EXPECT_EQ(last["samples"], 5);
  EXPECT_EQ(last["dropped"], 1);
  EXPECT_EQ(last["disturbed"], false);
  EXPECT_EQ(one["ratios"]["evenkeel_over_limit"], 1.5);
  EXPECT_EQ(one["ratios"]["pytorch_over_evenkeel"], 16);
  EXPECT_NE(json.dump().find(R"("onednn_over_evenkeel":null)"), std::string::npos);
  ASSERT_EQ(json["geometric_means"].size(), 1U);
  EXPECT_EQ(json["geometric_means"][0]["shapes"], 2);
  EXPECT_NEAR(json["geometric_means"][0]["evenkeel_over_limit_above_8_mb"].get<double>(), 1.5, 1e-12);
}

TEST(BenchOutputTest, TimesHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(time_text(8.433e-7), "0.84 us");
  EXPECT_EQ(time_text(9.996e-6), "10.0 us");
  EXPECT_EQ(time_text(999.6e-6), "1.00 ms");
  EXPECT_EQ(time_text(0.0123), "12.3 ms");
  EXPECT_EQ(time_text(0.9996), "1.00 s");
  EXPECT_EQ(times_text(std::numeric_limits<double>::quiet_NaN()), "-");
}

}  // namespace
}  // namespace evenkeel::bench::output_test
