#include "lab/trial.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/pixel_scale.h"

namespace evenkeel::lab {
namespace {

Sample to_sample(const data::Pictures& pictures, std::int64_t pixels) {
  const auto bytes = torch::from_blob(const_cast<std::uint8_t*>(pictures.pixels.data()),
                                      {pictures.count, pixels}, torch::kUInt8);
  const auto labels =
      torch::from_blob(const_cast<std::uint8_t*>(pictures.labels.data()), {pictures.count}, torch::kUInt8);
  return {bytes.to(torch::kFloat32).div_(255), labels.to(torch::kInt64)};
}

}  // namespace

Sample Sample::first(std::int64_t most) const {
  const auto size = std::min(most, count());
  return {pictures.narrow(0, 0, size), labels.narrow(0, 0, size)};
}

Sample Sample::at(const torch::Tensor& indices) const {
  return {pictures.index_select(0, indices), labels.index_select(0, indices)};
}

Sample Sample::to_pictures(std::int64_t channels) const {
  const auto side = std::llround(std::sqrt(static_cast<double>(pictures.size(1) / channels)));
  return {pictures.view({count(), channels, side, side}), labels};
}

Data::Data(const data::DataSet& set) : name(set.name) {
  auto scale = data::measure_pixels(set.train, set.train.count);
  pixel_mean = std::move(scale.mean);
  pixel_deviation = std::move(scale.deviation);
  pixels = static_cast<std::int64_t>(set.train.pixels.size()) / set.train.count;
  train = to_sample(set.train, pixels);
  test = to_sample(set.test, pixels);
}

Trial::Trial(const Data& data, std::uint64_t seed, Effort effort, std::function<void(double)> report)
    : data(data), seed(seed), effort(effort), report_(std::move(report)) {}

void Trial::advance(double units) {
  done_ += units;
  report_(std::min(done_ / planned_, 1.0));
}

}  // namespace evenkeel::lab
