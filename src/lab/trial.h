// One seed of a claim while it is measured.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/data_set.h"
#include "lab/effort.h"
#include "lab/record.h"

namespace evenkeel::lab {

// Pictures as a network takes them.
struct Sample {
  torch::Tensor pictures;  // float32 [N, pixels], 0 to 1
  torch::Tensor labels;    // int64 [N]

  std::int64_t count() const { return pictures.size(0); }
  Sample first(std::int64_t count) const;  // at most that many
  Sample at(const torch::Tensor& indices) const;
  Sample to_pictures(std::int64_t channels) const;  // as [N, channels, side, side]
};

struct Data {
  explicit Data(const data::DataSet& set);

  std::string name;
  Sample train;
  Sample test;
  std::int64_t pixels = 0;         // of one picture
  std::vector<double> pixel_mean;  // of the training pictures, for each channel
  std::vector<double> pixel_deviation;
};

class Trial {
 public:
  // `report` is told how much is done, 0 to 1.
  Trial(const Data& data, std::uint64_t seed, Effort effort, std::function<void(double)> report);

  const Data& data;
  const std::uint64_t seed;
  const Effort effort;
  Record record;

  // A setting by the effort; it stands in the record.
  template <typename Value>
  Value choose(const std::string& name, const Value& quick, const Value& standard, const Value& full) {
    return setting(name, effort == Effort::kQuick ? quick : effort == Effort::kStandard ? standard : full);
  }
  template <typename Value>
  Value setting(const std::string& name, const Value& value) {
    record.setting(name, fmt::to_string(value));
    return value;
  }
  template <typename Value>
  std::vector<Value> setting(const std::string& name, const std::vector<Value>& values) {
    record.setting(name, fmt::format("{}", fmt::join(values, ", ")));
    return values;
  }

  // How much there is to do, in any unit, and that some of it is done: for the progress.
  void plan(double units) { planned_ = units; }
  void advance(double units = 1);

 private:
  std::function<void(double)> report_;
  double planned_ = 1;
  double done_ = 0;
};

}  // namespace evenkeel::lab
