#include "model_files/norm_names.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace evenkeel::model_files {
namespace {

// How a framework calls the five parts. Of a common word both statistics have to be there, and a parameter too.
struct Style {
  NormNaming naming;
  bool common;
  std::string_view mean;
  std::vector<std::string_view> variance, weight, bias, counter;
};

const std::vector<Style>& styles() {
  using enum NormNaming;
  static const auto& all = *new std::vector<Style>{
      {kTorch,
       false,
       "running_mean",
       {"running_var", "running_variance"},
       {"weight", "gamma", "scale"},
       {"bias", "beta", "shift"},
       {"num_batches_tracked"}},
      {kKeras,
       false,
       "moving_mean",
       {"moving_variance", "moving_var"},
       {"gamma", "weight", "scale"},
       {"beta", "bias", "offset"},
       {}},
      {kOther, false, "avg_mean", {"avg_var"}, {"gamma"}, {"beta"}, {"N"}},                // Chainer
      {kKeras, true, "mean/EMA", {"variance/EMA"}, {"gamma"}, {"beta"}, {}},               // tensorpack
      {kOther, true, "mean_ema/average", {"var_ema/average"}, {"scale"}, {"offset"}, {}},  // Haiku
      {kOnnx, true, "input_mean", {"input_var"}, {"scale"}, {"B", "bias"}, {}},
      {kOther,
       true,
       "_mean",
       {"_variance"},
       {"weight", "scale", "_scale"},
       {"bias", "offset", "_offset"},
       {}},                                                 // Paddle
      {kOther, true, "_rm", {"_riv"}, {"_s"}, {"_b"}, {}},  // Caffe2
      {kOther,
       true,
       "mean",
       {"var", "variance"},
       {"scale", "gamma", "weight"},
       {"bias", "beta", "B", "offset", "shift"},
       {}},
  };
  return all;
}

// The name without what TensorFlow and MXNet write round it.
std::string_view core_of(std::string_view name) {
  for (const std::string_view begin : {"arg:", "aux:"})
    if (name.starts_with(begin)) name.remove_prefix(begin.size());
  for (const std::string_view end : {":0", "/.ATTRIBUTES/VARIABLE_VALUE", "/ExponentialMovingAverage"})
    if (name.ends_with(end)) name.remove_suffix(end.size());
  return name;
}

bool is_separator(char c) { return c == '.' || c == '/' || c == '_' || c == ':' || c == '-' || c == '~'; }

std::string layer_of(std::string_view prefix) {
  while (!prefix.empty() && is_separator(prefix.back())) prefix.remove_suffix(1);
  return std::string(prefix);
}

// Flax keeps statistics and parameters in two trees: batch_stats/LAYER/mean and params/LAYER/scale.
constexpr std::string_view kStatisticsTree = "batch_stats";
constexpr std::string_view kParameterTree = "params";

std::optional<std::size_t> tree_in(std::string_view prefix) {
  const auto at = prefix.find(kStatisticsTree);
  const auto end = at + kStatisticsTree.size();
  if (at == std::string_view::npos || end >= prefix.size() || (prefix[end] != '/' && prefix[end] != '.'))
    return std::nullopt;
  return at == 0 || is_separator(prefix[at - 1]) ? std::optional(at) : std::nullopt;
}

class NormFinder {
 public:
  explicit NormFinder(const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) places_.emplace(core_of(names[i]), i);
    for (std::size_t i = 0; i < names.size(); ++i) look_at(i, core_of(names[i]));
  }

  std::vector<NormParts> found;

 private:
  void look_at(std::size_t index, std::string_view name) {
    if (used_.contains(index)) return;
    for (const auto& style : styles()) {
      auto prefix = prefix_before(name, style.mean);
      for (const auto& words : {style.variance, style.counter})
        for (const auto word : words)
          if (!prefix && !style.common && word.size() > 1) prefix = prefix_before(name, word);
      if (!prefix) continue;
      // A common word is a whole part of the name; the style says where its own separator is.
      if (style.common && !prefix->empty() && style.mean.front() != '_' && !is_separator(prefix->back()))
        continue;
      if (add(*prefix, style)) return;
    }
  }

  static std::optional<std::string_view> prefix_before(std::string_view name, std::string_view word) {
    if (!name.ends_with(word)) return std::nullopt;
    return name.substr(0, name.size() - word.size());
  }

  bool add(std::string_view prefix, const Style& style) {
    NormParts parts{layer_of(prefix), style.naming, {}, {}, {}, {}, {}};
    parts.mean = at(std::string(prefix), style.mean);
    parts.variance = at(prefix, style.variance);
    std::string parameters(prefix);
    if (style.mean == "mean_ema/average" && parameters.ends_with("~/"))
      parameters.resize(parameters.size() - 2);
    if (const auto tree = tree_in(prefix)) {
      parameters.replace(*tree, kStatisticsTree.size(), kParameterTree);
      auto layer = std::string(prefix).erase(*tree, kStatisticsTree.size() + 1);
      parts.layer = layer_of(layer);
      parts.naming = NormNaming::kFlax;
    }
    parts.weight = at(parameters, style.weight);
    parts.bias = at(parameters, style.bias);
    parts.counter = at(prefix, style.counter);
    const bool flax = parts.naming == NormNaming::kFlax;
    if (style.common && (!parts.mean || !parts.variance || (!flax && !parts.weight && !parts.bias)))
      return false;
    // Other norms keep a variance alone beside their scale (EvoNorm); a batch norm that lost its mean still has its counter.
    if (!parts.mean && !parts.counter && parts.weight) return false;
    // Nor is a mean beside a covariance, a projection or a deviation one of a batch norm (batch whitening, IterNorm).
    if (!parts.variance && !parts.counter && has_another_statistic(prefix, style)) return false;
    for (const auto& part : {parts.mean, parts.variance, parts.counter})
      if (part) used_.insert(*part);
    found.push_back(std::move(parts));
    return true;
  }

  // Whether beside LAYER.running_mean stands LAYER.running_something.
  bool has_another_statistic(std::string_view prefix, const Style& style) const {
    const auto own = std::string(prefix) + std::string(style.mean);
    const auto family = std::string_view(own).substr(0, own.size() - std::string_view("mean").size());
    for (auto place = places_.lower_bound(family); place != places_.end(); ++place) {
      const std::string_view name = place->first;
      if (!name.starts_with(family)) return false;
      if (name != own && name.find_first_of("./", family.size()) == std::string_view::npos) return true;
    }
    return false;
  }

  std::optional<std::size_t> at(std::string_view prefix, std::string_view word) {
    const auto place = places_.find(std::string(prefix) + std::string(word));
    if (place == places_.end()) return std::nullopt;
    return place->second;
  }

  std::optional<std::size_t> at(std::string_view prefix, const std::vector<std::string_view>& words) {
    for (const auto word : words)
      if (const auto place = at(prefix, word)) return place;
    return std::nullopt;
  }

  std::map<std::string, std::size_t, std::less<>> places_;
  std::set<std::size_t> used_;
};

}  // namespace

std::vector<NormParts> find_norms(const std::vector<std::string>& names) { return NormFinder(names).found; }

}  // namespace evenkeel::model_files
