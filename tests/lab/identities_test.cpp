// The exact identities, measured for real: they have to hold on every machine.
#include <gtest/gtest.h>

#include "lab/measure.h"
#include "lab/result.h"

namespace evenkeel::lab::identities_test {
namespace {

data::DataSet no_pictures() {
  data::DataSet set;
  for (auto* pictures : {&set.train, &set.test}) *pictures = {1, 1, 1, {0}, {0}};
  return set;
}

class IdentityTest : public ::testing::TestWithParam<std::string> {};

TEST_P(IdentityTest, Holds) {
  const auto& claim = claim_named(GetParam());
  Result result{claim, "digits", Effort::kStandard, {}};
  for (const std::uint64_t seed : {1, 2, 3})
    result.seeds.push_back({seed, 0, measure(claim, no_pictures(), seed, result.effort, [](double) {})});
  const auto judgements = result.judgements();
  for (std::size_t i = 0; i < judgements.size(); ++i)
    EXPECT_EQ(judgements[i].verdict, Verdict::kHolds)
        << claim.rule[i].text() << ": " << judgements[i].value.low << " to " << judgements[i].value.high;
}

INSTANTIATE_TEST_SUITE_P(Claims, IdentityTest,
                         ::testing::Values("bias-is-redundant", "scale-invariance", "gradient-is-orthogonal",
                                           "can-restore-the-identity",
                                           "inference-needs-the-unbiased-variance",
                                           "analytic-gradient-is-right"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

TEST(ClaimsTest, ASeedMeasuresTheSameAgain) {
  const auto& claim = claim_named("scale-invariance");
  const auto measure_once = [&] {
    return measure(claim, no_pictures(), 5, Effort::kQuick, [](double) {}).to_json();
  };
  EXPECT_EQ(measure_once(), measure_once());
}

TEST(ClaimsTest, ThereAreTwentySevenWithNamesAndWordsOfTheirOwn) {
  ASSERT_EQ(claims().size(), 27U);
  for (std::size_t i = 0; i < claims().size(); ++i) {
    const auto& claim = claims()[i];
    EXPECT_EQ(claim.number, static_cast<int>(i) + 1);
    EXPECT_EQ(&claim_named(claim.name), &claim);
    for (const auto* text : {&claim.title, &claim.source, &claim.statement, &claim.setup})
      EXPECT_FALSE(text->empty()) << claim.name;
    EXPECT_FALSE(claim.rule.empty()) << claim.name;
    for (const auto& picture : claim.pictures) {
      EXPECT_FALSE(picture.x_label.empty()) << claim.name << ' ' << picture.file;
      EXPECT_FALSE(picture.y_label.empty()) << claim.name << ' ' << picture.file;
    }
  }
}

}  // namespace
}  // namespace evenkeel::lab::identities_test
