// Merged moments are the moments of everything together, however it was cut and in whatever order.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "evenkeel/kernels/batch_norm.h"
#include "kernels/support/inputs.h"
#include "kernels/support/oracle.h"
#include "kernels/support/tolerance.h"

namespace evenkeel::kernels::test::merge_moments_test {
namespace {

struct Batch {
  std::int64_t count = 0;
  std::vector<double> mean;
  std::vector<double> m2;
};

Batch batch_of(const std::vector<double>& values) {
  const Geometry geometry{static_cast<std::int64_t>(values.size()), 1, 1};
  const oracle::Moments moments = oracle::moments(values, geometry);
  return {geometry.count(), {static_cast<double>(moments.mean[0])}, {static_cast<double>(moments.m2[0])}};
}

void merge(Batch& into, const Batch& other) {
  merge_moments(static_cast<std::int64_t>(into.mean.size()), into.count, into.mean.data(), into.m2.data(),
                other.count, other.mean.data(), other.m2.data());
  into.count += other.count;
}

// n merges: each rounds the mean about four times, by a unit of the largest mean that takes part, and adds to
// m2 with six roundings; the difference of two means carries the rounding of the means, which m2 sees as 2
// |difference| count u |mean|, and |difference| is at most sqrt(m2 / count).
void expect_moments_of(const std::vector<double>& values, const Batch& merged, double merges) {
  const oracle::Moments whole = oracle::moments(values, {static_cast<std::int64_t>(values.size()), 1, 1});
  Real largest = 0;
  for (double value : values) largest = std::max(largest, std::fabs(static_cast<Real>(value)));
  const Real unit = static_cast<Real>(merges + 1) * kUnit<double>;
  const Real m2 = whole.m2[0];
  EXPECT_EQ(merged.count, static_cast<std::int64_t>(values.size()));
  EXPECT_NEAR(merged.mean[0], static_cast<double>(whole.mean[0]), static_cast<double>(4 * unit * largest));
  EXPECT_NEAR(merged.m2[0], static_cast<double>(m2),
              static_cast<double>(6 * unit * m2 + 8 * unit * largest * std::sqrt(m2 * values.size())));
}

std::vector<double> make_values(std::size_t count, double mean, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(mean + random.away_from_zero());
  return values;
}

TEST(MergeMomentsTest, TwoBatchesByHand) {
  // {1, 3} and {5, 7, 9}: means 2 and 7, m2 2 and 8; together mean 5, m2 = 16 + 4 + 0 + 4 + 16.
  Batch merged{2, {2.0}, {2.0}};
  merge(merged, {3, {7.0}, {8.0}});
  EXPECT_EQ(merged.count, 5);
  EXPECT_DOUBLE_EQ(merged.mean[0], 5.0);
  EXPECT_DOUBLE_EQ(merged.m2[0], 40.0);
}

TEST(MergeMomentsTest, EveryPartitionInEveryOrderGivesTheMomentsOfTheWhole) {
  Random random(70);
  for (int round = 0; round < 200; ++round) {
    const double mean = round % 2 == 0 ? 0.5 : 1e4;
    const auto size = static_cast<std::size_t>(random.log_between(1, 2000));
    const std::vector<double> values = make_values(size, mean, random.next());
    std::vector<Batch> parts;
    for (std::size_t begin = 0; begin < size;) {
      const auto length =
          static_cast<std::size_t>(random.log_between(1, static_cast<std::int64_t>(size - begin)));
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(begin);
      parts.push_back(batch_of({first, first + static_cast<std::ptrdiff_t>(length)}));
      begin += length;
    }
    const auto merges = static_cast<double>(parts.size());
    while (parts.size() > 1) {  // merges any two until one is left: any tree, any order
      const auto last = static_cast<std::int64_t>(parts.size()) - 1;
      std::swap(parts[static_cast<std::size_t>(random.between(0, last))], parts.back());
      const Batch taken = parts.back();
      parts.pop_back();
      merge(parts[static_cast<std::size_t>(random.between(0, last - 1))], taken);
    }
    SCOPED_TRACE(testing::Message() << "round " << round << ", " << size << " values in " << merges
                                    << " parts");
    expect_moments_of(values, parts[0], merges);
  }
}

TEST(MergeMomentsTest, VeryUnequalCountsKeepTheirAccuracy) {
  const std::vector<double> many = make_values(100'000, 3.0, 71);
  for (const std::vector<double>& few : {std::vector<double>{1e6}, {-4.0, 5.0}, {3.0}}) {
    std::vector<double> all = many;
    all.insert(all.end(), few.begin(), few.end());
    Batch merged = batch_of(many);
    merge(merged, batch_of(few));
    expect_moments_of(all, merged, 1);
    Batch reversed = batch_of(few);
    merge(reversed, batch_of(many));
    expect_moments_of(all, reversed, 1);
  }
}

TEST(MergeMomentsTest, AnEmptyBatchChangesNoBits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Batch merged{3, {0.1, -7.5}, {0.3, 1e300}};
  merge(merged, {0, {nan, nan}, {nan, nan}});
  EXPECT_EQ(merged.count, 3);
  EXPECT_EQ(merged.mean, (std::vector<double>{0.1, -7.5}));
  EXPECT_EQ(merged.m2, (std::vector<double>{0.3, 1e300}));
}

TEST(MergeMomentsTest, IntoAnEmptyBatchTheBitsAreCopied) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Batch merged{0, {nan, 1.0}, {nan, 2.0}};
  merge(merged, {7, {0.1, -7.5}, {0.3, 1e300}});
  EXPECT_EQ(merged.count, 7);
  EXPECT_EQ(merged.mean, (std::vector<double>{0.1, -7.5}));
  EXPECT_EQ(merged.m2, (std::vector<double>{0.3, 1e300}));
}

TEST(MergeMomentsTest, TwoEmptyBatchesStayEmpty) {
  Batch merged{0, {0.0}, {0.0}};
  merge(merged, {0, {5.0}, {5.0}});
  EXPECT_EQ(merged.count, 0);
  EXPECT_EQ(merged.mean[0], 0.0);
  EXPECT_EQ(merged.m2[0], 0.0);
}

TEST(MergeMomentsTest, EqualConstantsMergeToExactlyThatConstant) {
  Batch merged{5, {0.1}, {0.0}};
  for (std::int64_t count : {1, 2, 3, 1000}) merge(merged, {count, {0.1}, {0.0}});
  EXPECT_EQ(merged.mean[0], 0.1);
  EXPECT_EQ(merged.m2[0], 0.0);
}

TEST(MergeMomentsTest, CountsBeyondWhatAnInt32HoldsAreHandled) {
  const std::int64_t many = std::int64_t{1} << 40;
  Batch merged{many, {1.0}, {0.0}};
  merge(merged, {many, {3.0}, {0.0}});
  EXPECT_EQ(merged.mean[0], 2.0);
  EXPECT_EQ(merged.m2[0], 2.0 * static_cast<double>(many));
}

}  // namespace
}  // namespace evenkeel::kernels::test::merge_moments_test
