// The rule of a claim: conditions on what was measured, judged over all seeds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/record.h"

namespace evenkeel::lab {

enum class Verdict { kHolds, kDoesNotHold, kInconclusive };

std::string_view name_of(Verdict verdict);  // "holds", "does not hold", "inconclusive"

// The mean over seeds and a confidence interval around it (Student's t); with one seed, or with a value that is not finite, the
// interval is from the lowest to the highest value.
struct Estimate {
  double mean = 0;
  double low = 0;
  double high = 0;
  std::vector<double> seeds;  // each seed's value
};

// Of ratios the mean is the geometric one, and the interval that of the logarithms, where all are positive and finite.
enum class Scale { kLinear, kRatio };

// The true mean lies with 95 % confidence within the interval; or, with 95 % confidence each, above its lower and below its upper
// end, which is what a question with one side asks for.
enum class Confidence { kWithin, kEachSide };

Estimate estimate(const std::vector<double>& values, Scale scale = Scale::kLinear,
                  Confidence confidence = Confidence::kWithin);

// One number of each seed that a condition looks at.
struct Quantity {
  std::function<double(const Record&)> of;
  Scale scale = Scale::kLinear;
};

Quantity measured(const std::string& name, Scale scale = Scale::kLinear);
Quantity difference(const std::string& minuend, const std::string& subtrahend);
Quantity ratio(const std::string& numerator, const std::string& denominator);

// `quantity` is above, at least, or below `threshold`.
struct Condition {
  enum class Relation { kAbove, kAtLeast, kBelow };

  std::string what;  // the quantity in words
  Quantity quantity;
  Relation relation = Relation::kAbove;
  double threshold = 0;
  std::string unit;

  std::string text() const;  // "accuracy with − without > 1 point"
};

Condition above(const std::string& what, Quantity quantity, double threshold, const std::string& unit = "");
Condition at_least(const std::string& what, Quantity quantity, double threshold,
                   const std::string& unit = "");
Condition below(const std::string& what, Quantity quantity, double threshold, const std::string& unit = "");

struct Judgement {
  Estimate value;
  Verdict verdict = Verdict::kInconclusive;
};

// With 95 % confidence on either side (Confidence::kEachSide): holds where the whole interval is on the side that is asked for, does not where it is on the other, and is inconclusive where
// the threshold lies in it, or where a value is NaN.
Judgement judge(const Condition& condition, const std::vector<Record>& seeds);

// Does not hold as soon as one condition does not, holds when all do.
Verdict verdict_of(const std::vector<Judgement>& judgements);

}  // namespace evenkeel::lab
