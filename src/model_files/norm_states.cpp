#include "model_files/norm_states.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

#include "model_files/norm_names.h"

namespace evenkeel::model_files {
namespace {

// Many names may stand for one tensor in a file, and each costs memory of its own here.
constexpr std::int64_t kMostChannels = std::int64_t{1} << 22;

std::int64_t count_of(const NormValue& value) {
  std::int64_t count = 1;
  for (const auto size : value.sizes)
    if (__builtin_mul_overflow(count, size, &count)) return std::numeric_limits<std::int64_t>::max();
  return count;
}

class LayerReader {
 public:
  explicit LayerReader(const std::vector<NormValue>& values) : values_(values) {}

  LayerInspection read(const NormParts& parts) {
    LayerInspection layer;
    auto& state = layer.state;
    state.name = parts.layer;
    state.settings_assumed = true;
    if (parts.naming == NormNaming::kKeras) state.eps = 1e-3;
    if (parts.naming == NormNaming::kKeras || parts.naming == NormNaming::kFlax) state.momentum = 0.01;
    findings_ = &layer.findings;
    state.running_mean = statistics("running_mean", parts.mean);
    state.running_var = statistics("running_var", parts.variance);
    if (layer.findings.empty() && state.running_mean.size() != state.running_var.size()) {
      add(fmt::format("running_var: expected as many values as running_mean, {}, found {}",
                      state.running_mean.size(), state.running_var.size()));
      state.running_var = {};
    }
    const auto channels = std::max(state.running_mean.size(), state.running_var.size());
    state.weight = parameters("weight", parts.weight, channels);
    state.bias = parameters("bias", parts.bias, channels);
    state.batches_tracked = counter(parts.counter);
    return layer;
  }

 private:
  void add(std::string what) {
    findings_->push_back({Defect::kUnreadable, Severity::kError, std::move(what), {}});
  }

  // What is wrong may say itself what was expected.
  void add_instead(std::string_view part, std::string_view expected, std::string_view found) {
    constexpr std::string_view kExpected = ": expected ";
    if (found.starts_with("expected ") || found.find(kExpected) != std::string_view::npos)
      return add(fmt::format("{}: {}", part, found));
    add(fmt::format("{}: {}, found {}", part, expected, found));
  }

  std::vector<double> read_values(std::string_view part, const NormValue& value) try {
    channels_left_ -= count_of(value);
    return value.values();
  } catch (const std::exception& error) {
    const std::string_view what(error.what());
    add(fmt::format("{}: {}", part, what.substr(0, what.find('\n'))));
    return {};
  }

  std::vector<double> statistics(std::string_view part, std::optional<std::size_t> place) {
    constexpr std::string_view kExpected = "expected floating-point numbers";
    if (!place) {
      add(fmt::format("{}: {}, found nothing of that name", part, kExpected));
      return {};
    }
    const auto& value = values_[*place];
    if (!value.problem.empty() || !value.floating_point) {
      add(fmt::format("{}: {}, found {}", part, kExpected,
                      value.problem.empty() ? value.what : value.problem));
      return {};
    }
    if (count_of(value) > channels_left_) {
      add(fmt::format("{}: expected at most {} channels in all batch norms, found more", part,
                      kMostChannels));
      return {};
    }
    return read_values(part, value);
  }

  // One number for each channel. A parameter of more dimensions is another layer's (a convolution that has the norm's statistics).
  std::vector<double> parameters(std::string_view part, std::optional<std::size_t> place,
                                 std::size_t channels) {
    if (!place) return {};
    const auto& value = values_[*place];
    if (value.problem == "None") return {};
    if (!value.problem.empty()) {
      add_instead(part, "expected numbers", value.problem);
      return {};
    }
    const auto count = count_of(value);
    if (channels == 0 || (count != static_cast<std::int64_t>(channels) && value.sizes.size() != 1)) return {};
    if (count != static_cast<std::int64_t>(channels)) {
      add(fmt::format("{}: expected one number per channel, {}, found {}", part, channels, value.what));
      return {};
    }
    return read_values(part, value);
  }

  std::optional<std::int64_t> counter(std::optional<std::size_t> place) {
    if (!place || !values_[*place].problem.empty() || count_of(values_[*place]) != 1) return std::nullopt;
    const auto values = read_values("num_batches_tracked", values_[*place]);
    constexpr double kMost = 9e18;
    if (values.empty() || !(std::abs(values.front()) < kMost)) return std::nullopt;
    return static_cast<std::int64_t>(values.front());
  }

  const std::vector<NormValue>& values_;
  std::vector<Finding>* findings_ = nullptr;
  std::int64_t channels_left_ = 4 * kMostChannels;
};

}  // namespace

std::vector<LayerInspection> find_layers(const std::vector<NormValue>& values) {
  std::vector<std::string> names;
  for (const auto& value : values) names.push_back(value.name);
  LayerReader reader(values);
  std::vector<LayerInspection> layers;
  for (const auto& parts : find_norms(names)) layers.push_back(reader.read(parts));
  return layers;
}

void add_defects(Inspection& inspection) {
  for (auto& layer : inspection.layers) {
    auto defects = find_defects(layer.state);
    std::move(defects.begin(), defects.end(), std::back_inserter(layer.findings));
  }
}

}  // namespace evenkeel::model_files
