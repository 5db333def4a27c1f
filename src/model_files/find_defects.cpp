#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "evenkeel/inspect.h"

namespace evenkeel {
namespace {

std::vector<std::int64_t> channels_where(const std::vector<double>& values,
                                         const std::function<bool(std::size_t)>& holds) {
  std::vector<std::int64_t> channels;
  for (std::size_t c = 0; c < values.size(); ++c)
    if (holds(c)) channels.push_back(static_cast<std::int64_t>(c));
  return channels;
}

// "channel 3", "channels 0, 1 and 5", "11 channels (0, 1, 2, 3, ...)", "all 64 channels"
std::string describe(const std::vector<std::int64_t>& channels, std::size_t count) {
  constexpr std::size_t kShown = 4;
  if (channels.size() == count && count > 1) return fmt::format("all {} channels", count);
  if (channels.size() == 1) return fmt::format("channel {}", channels.front());
  std::string list;
  for (std::size_t i = 0; i < std::min(channels.size(), kShown); ++i) {
    const bool last = i + 1 == channels.size();
    list += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", channels[i]);
  }
  if (channels.size() <= kShown) return "channels " + list;
  return fmt::format("{} of {} channels ({}, ...)", channels.size(), count, list);
}

double median_size(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) return 0;
  for (auto& value : values) value = std::abs(value);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Findings {
 public:
  // Nothing when no channel is affected.
  void add(Defect defect, Severity severity, std::vector<std::int64_t> channels, std::size_t count,
           std::string_view what) {
    if (channels.empty()) return;
    auto sentence = fmt::format("{}: {}", what, describe(channels, count));
    found.push_back({defect, severity, std::move(sentence), std::move(channels)});
  }
  std::vector<Finding> found;
};

// Whether the weights lie on both sides of zero, as where all of them began at 0 (the last norm of a residual branch): small ones
// are then values like any other, and no channel is dead.
bool lies_round_zero(const std::vector<double>& weight) {
  constexpr std::size_t kEnoughToTell = 8;
  constexpr double kSmall = 0.25;
  const double median = median_size(weight);
  const auto above =
      std::count_if(weight.begin(), weight.end(), [&](double w) { return w > kTinyWeight * median; });
  const auto below =
      std::count_if(weight.begin(), weight.end(), [&](double w) { return w < -kTinyWeight * median; });
  const auto fewer = std::min(above, below);
  // Where the weights are small altogether, a few on the other side are enough to see where they began.
  if (median < kSmall) return fewer > 0 && 16 * fewer >= above + below;
  return weight.size() >= kEnoughToTell && 4 * fewer >= above + below;
}

void check_weight(const BatchNormState& layer, Findings& findings) {
  const auto& weight = layer.weight;
  const auto zeros = channels_where(weight, [&](std::size_t c) { return weight[c] == 0; });
  const bool all = zeros.size() == weight.size();
  findings.add(Defect::kWeightZero, Severity::kWarning, zeros, weight.size(),
               all ? "weight is 0, as when the last norm of a residual branch has just been initialised"
                   : "weight is 0, only the bias is passed on");
  if (lies_round_zero(weight)) return;
  const double least = kTinyWeight * median_size(weight);
  const auto tiny =
      channels_where(weight, [&](std::size_t c) { return weight[c] != 0 && std::abs(weight[c]) < least; });
  findings.add(
      Defect::kWeightTiny, Severity::kWarning, tiny, weight.size(),
      fmt::format("weight below {} of the layer's median, next to nothing is passed on", kTinyWeight));
}

void check_statistics(const BatchNormState& layer, Findings& findings) {
  const auto& mean = layer.running_mean;
  const auto& variance = layer.running_var;
  const auto count = variance.size();
  findings.add(Defect::kNegativeVariance, Severity::kError,
               channels_where(variance, [&](std::size_t c) { return variance[c] < 0; }), count,
               "running_var is negative");
  const auto constant = [&](std::size_t c) { return variance[c] >= 0 && variance[c] < layer.eps; };
  findings.add(
      Defect::kConstantInput, Severity::kWarning, channels_where(variance, constant), count,
      fmt::format("running_var below eps {}, the input hardly varies and its noise is amplified", layer.eps));
  const auto huge = [&](std::size_t c) {
    return !constant(c) && std::isfinite(mean[c]) &&
           std::abs(mean[c]) > kHugeMeanInStd * std::sqrt(variance[c]);
  };
  findings.add(
      Defect::kHugeMean, Severity::kWarning, channels_where(mean, huge), count,
      fmt::format("running_mean beyond {} standard deviations, float32 loses digits", kHugeMeanInStd));
}

void check_age(const BatchNormState& layer, Findings& findings) {
  const auto is = [](double expected) { return [expected](double value) { return value == expected; }; };
  const auto& mean = layer.running_mean;
  const auto& variance = layer.running_var;
  const bool first_values =
      std::all_of(mean.begin(), mean.end(), is(0)) && std::all_of(variance.begin(), variance.end(), is(1));
  const auto batches = layer.batches_tracked.value_or(0);
  if (first_values) {
    auto what =
        batches == 0
            ? std::string("never updated: running_mean is 0 and running_var is 1 in every channel")
            : fmt::format("counted {} batches, but running_mean is still 0 and running_var 1", batches);
    findings.found.push_back({Defect::kNeverUpdated, Severity::kError, std::move(what), {}});
  } else if (batches > 0 && layer.momentum > 0) {
    // What is left of the first variance, 1, is a part of every running variance: if one is below it, the statistics are no moving
    // average, but exact ones or a plain average.
    const double weight = std::pow(1 - layer.momentum, static_cast<double>(batches));
    const double least = *std::min_element(variance.begin(), variance.end());
    if (weight > kYoungWeight && least >= weight * (1 - kYoungWeight))
      findings.found.push_back({Defect::kYoung,
                                Severity::kNote,
                                fmt::format("young: {} batches, at momentum {} the first values still weigh "
                                            "{:.0f} %",
                                            batches, layer.momentum, 100 * weight),
                                {}});
  }
}

}  // namespace

std::vector<Finding> find_defects(const BatchNormState& layer) {
  Findings findings;
  const auto check_finite = [&](const std::vector<double>& values, std::string_view name) {
    const auto channels = channels_where(values, [&](std::size_t c) { return !std::isfinite(values[c]); });
    findings.add(Defect::kNotFinite, Severity::kError, channels, values.size(),
                 fmt::format("{} is NaN or Inf", name));
  };
  check_finite(layer.weight, "weight");
  check_finite(layer.bias, "bias");
  check_finite(layer.running_mean, "running_mean");
  check_finite(layer.running_var, "running_var");
  if (!layer.weight.empty()) check_weight(layer, findings);
  if (!layer.running_var.empty() && layer.running_mean.size() == layer.running_var.size()) {
    check_statistics(layer, findings);
    check_age(layer, findings);
  }
  return std::move(findings.found);
}

std::int64_t Inspection::count(Severity severity) const {
  std::int64_t count = 0;
  for (const auto& layer : layers)
    count += std::count_if(layer.findings.begin(), layer.findings.end(),
                           [&](const Finding& finding) { return finding.severity == severity; });
  return count;
}

}  // namespace evenkeel
