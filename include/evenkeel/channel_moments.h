// Statistics as a value: how many values each channel has seen, their mean, and their sum of squared deviations.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "evenkeel/batch_norm_options.h"

namespace torch::serialize {
class OutputArchive;
class InputArchive;
}  // namespace torch::serialize

#pragma GCC visibility push(default)
namespace evenkeel {

namespace libtorch {
struct BatchMoments;
}

// For each of C channels, in float64: count, mean, and m2 = sum (x_i - mean)^2. Two that saw different values merge into one
// that saw them all, exact up to rounding (Chan, Golub & LeVeque 1983): the law of total variance, for any mix of
// batch sizes. It is what running statistics, population statistics and statistics across processes are made of.
//
//   ChannelMoments seen(64);
//   for (const auto& batch : batches) seen.merge(ChannelMoments::of(batch));
//   seen.mean(), seen.variance(RunningVariance::kUnbiased)
//
// A value: copies share nothing. Several threads may read one.
class ChannelMoments {
 public:
  // Nothing seen yet.
  explicit ChannelMoments(std::int64_t channels = 0);

  ChannelMoments(const ChannelMoments& other);
  ChannelMoments& operator=(const ChannelMoments& other);
  ChannelMoments(ChannelMoments&&) = default;
  ChannelMoments& operator=(ChannelMoments&&) = default;
  ~ChannelMoments() = default;

  // Those of an (N, C, ...) tensor: float32, float64, bfloat16 or float16, any strides, on the CPU. Never a part of a graph.
  static ChannelMoments of(const at::Tensor& input);

  // Only what `mask` lets through: bool, or weights of at least 0, of size (N), (N, *spatial) or (N, 1, *spatial). A
  // weight counts like that many repetitions of the value.
  static ChannelMoments of(const at::Tensor& input, const at::Tensor& mask);

  // From C values each that somebody else kept; `variance` is of the kind given, of `count` values per channel.
  static ChannelMoments from_variance(const at::Tensor& count, const at::Tensor& mean,
                                      const at::Tensor& variance, RunningVariance kind);

  // Adds what another has seen. Associative and commutative up to rounding.
  void merge(const ChannelMoments& other);

  // All of them together, with the same bits in whatever order they stand.
  static ChannelMoments merged(const std::vector<ChannelMoments>& parts, std::int64_t channels);

  std::int64_t channels() const { return count_.size(0); }
  // float64 [C] each; not to be written to.
  const at::Tensor& count() const { return count_; }  // 0: nothing seen, mean and m2 are 0
  const at::Tensor& mean() const { return mean_; }
  const at::Tensor& m2() const { return m2_; }

  // m2 / count, or m2 / (count - 1); NaN where there are not enough values.
  at::Tensor variance(RunningVariance kind) const;

  // With torch::save and torch::load: three tensors, count, mean and m2. Loading throws c10::Error unless they are float64
  // [C] each, with counts and m2 of at least 0 or NaN.
  void save(torch::serialize::OutputArchive& archive) const;
  void load(torch::serialize::InputArchive& archive);

 private:
  ChannelMoments(at::Tensor count, at::Tensor mean, at::Tensor m2);
  static ChannelMoments from_batch(const libtorch::BatchMoments& batch);

  at::Tensor count_;
  at::Tensor mean_;
  at::Tensor m2_;
};

torch::serialize::OutputArchive& operator<<(torch::serialize::OutputArchive& archive,
                                            const ChannelMoments& moments);
torch::serialize::InputArchive& operator>>(torch::serialize::InputArchive& archive, ChannelMoments& moments);

}  // namespace evenkeel
#pragma GCC visibility pop
