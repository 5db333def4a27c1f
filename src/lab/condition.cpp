#include "lab/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "report/html.h"

namespace evenkeel::lab {
namespace {

// The quantile of Student's t that belongs to a confidence; beyond the tables by the first terms of its expansion around the normal one.
double student_t(std::size_t degrees, Confidence confidence) {
  using Table = std::array<double, 20>;
  static constexpr Table kWithin{12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646,
                                 2.3060,  2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
                                 2.1314,  2.1199, 2.1098, 2.1009, 2.0930, 2.0860};
  static constexpr Table kEachSide{6.3138, 2.9200, 2.3534, 2.1318, 2.0150, 1.9432, 1.8946,
                                   1.8595, 1.8331, 1.8125, 1.7959, 1.7823, 1.7709, 1.7613,
                                   1.7531, 1.7459, 1.7396, 1.7341, 1.7291, 1.7247};
  const auto& table = confidence == Confidence::kWithin ? kWithin : kEachSide;
  if (degrees <= table.size()) return table.at(degrees - 1);
  const double z = confidence == Confidence::kWithin ? 1.959964 : 1.644854;
  const auto n = static_cast<double>(degrees);
  return z + (z * z * z + z) / (4 * n) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n);
}

Estimate of_finite(const std::vector<double>& values, Confidence confidence) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = student_t(values.size() - 1, confidence) * std::sqrt(squares / (count - 1) / count);
  return {mean, mean - half, mean + half, values};
}

bool passes(const Condition& condition, double value) {
  constexpr double kRounding = 1e-9;  // 3 / 0.3 is a little less than 10
  switch (condition.relation) {
    case Condition::Relation::kAbove:
      return value > condition.threshold;
    case Condition::Relation::kAtLeast:
      return value >= condition.threshold * (1 - kRounding);
    case Condition::Relation::kBelow:
      return value < condition.threshold;
  }
  throw std::logic_error("a relation without a meaning");
}

std::string_view sign_of(Condition::Relation relation) {
  return relation == Condition::Relation::kAbove     ? ">"
         : relation == Condition::Relation::kAtLeast ? "≥"
                                                     : "<";
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kDoesNotHold:
      return "does not hold";
    case Verdict::kInconclusive:
      return "inconclusive";
  }
  throw std::logic_error("a verdict without a name");
}

Estimate estimate(const std::vector<double>& values, Scale scale, Confidence confidence) {
  if (values.empty()) throw std::invalid_argument("[estimate] expected the value of a seed, found none");
  const bool finite =
      std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  if (values.size() == 1 || !finite) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    return {sum / static_cast<double>(values.size()), *low, *high, values};
  }
  const bool positive = std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
  if (scale == Scale::kLinear || !positive) return of_finite(values, confidence);
  std::vector<double> logarithms;
  for (const double value : values) logarithms.push_back(std::log(value));
  const auto of_logarithms = of_finite(logarithms, confidence);
  return {std::exp(of_logarithms.mean), std::exp(of_logarithms.low), std::exp(of_logarithms.high), values};
}

Quantity measured(const std::string& name, Scale scale) {
  return {[name](const Record& record) { return record[name]; }, scale};
}

Quantity difference(const std::string& minuend, const std::string& subtrahend) {
  return {[minuend, subtrahend](const Record& record) { return record[minuend] - record[subtrahend]; }};
}

Quantity ratio(const std::string& numerator, const std::string& denominator) {
  return {[numerator, denominator](const Record& record) { return record[numerator] / record[denominator]; },
          Scale::kRatio};
}

std::string Condition::text() const {
  const auto counted = threshold == 1 && unit == "points" ? "point" : unit;
  return fmt::format("{} {} {}{}{}", what, sign_of(relation), report::number_text(threshold),
                     unit.empty() ? "" : " ", counted);
}

Condition above(const std::string& what, Quantity quantity, double threshold, const std::string& unit) {
  return {what, std::move(quantity), Condition::Relation::kAbove, threshold, unit};
}

Condition at_least(const std::string& what, Quantity quantity, double threshold, const std::string& unit) {
  return {what, std::move(quantity), Condition::Relation::kAtLeast, threshold, unit};
}

Condition below(const std::string& what, Quantity quantity, double threshold, const std::string& unit) {
  return {what, std::move(quantity), Condition::Relation::kBelow, threshold, unit};
}

Judgement judge(const Condition& condition, const std::vector<Record>& seeds) {
  std::vector<double> values;
  for (const auto& seed : seeds) values.push_back(condition.quantity.of(seed));
  const auto value = estimate(values, condition.quantity.scale, Confidence::kEachSide);
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
    return {value, Verdict::kInconclusive};
  const bool low = passes(condition, value.low);
  const bool high = passes(condition, value.high);
  if (low != high) return {value, Verdict::kInconclusive};
  return {value, low ? Verdict::kHolds : Verdict::kDoesNotHold};
}

Verdict verdict_of(const std::vector<Judgement>& judgements) {
  const auto any = [&judgements](Verdict verdict) {
    return std::any_of(judgements.begin(), judgements.end(),
                       [verdict](const Judgement& judgement) { return judgement.verdict == verdict; });
  };
  if (any(Verdict::kDoesNotHold)) return Verdict::kDoesNotHold;
  return any(Verdict::kInconclusive) ? Verdict::kInconclusive : Verdict::kHolds;
}

}  // namespace evenkeel::lab
